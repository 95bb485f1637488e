#include "emulator/options.h"
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace stepgrad::emulator {

static std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : otherwise;
}

[[noreturn]] static void bad(const char* name, const char* expected, const std::string& got) {
  throw std::runtime_error(std::string(name) + ": expected " + expected + ", got " + got);
}

static unsigned number(const char* name, const char* expected, const std::string& text) {
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos)
    bad(name, expected, text);
  return unsigned(std::stoul(text));
}

Options read_options() {
  Options options{Options::FORWARD, 1, false};
  const char *ORDER = "STEPGRAD_EMULATOR_ORDER", *ORDERS = "forward, reverse, random or random:SEED";
  const std::string order = variable(ORDER, "forward");
  if (order == "reverse")
    options.order = Options::REVERSE;
  else if (order.rfind("random", 0) == 0) {
    options.order = Options::RANDOM;
    if (order.size() > 6) {
      if (order[6] != ':') bad(ORDER, ORDERS, order);
      options.seed = number(ORDER, ORDERS, order.substr(7));
    }
  } else if (order != "forward")
    bad(ORDER, ORDERS, order);
  const std::string async = variable("STEPGRAD_EMULATOR_ASYNC", "lazy");
  if (async != "lazy" && async != "eager") bad("STEPGRAD_EMULATOR_ASYNC", "lazy or eager", async);
  options.eager_copies = async == "eager";
  return options;
}

} // namespace stepgrad::emulator
