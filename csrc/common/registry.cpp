#include "common/registry.h"
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

namespace stepgrad {

static std::vector<const Rung*>& all_copies() {
  static std::vector<const Rung*> copies; // a function's static: exists before the first rung asks for it
  return copies;
}

bool register_rung(const Rung* rung) {
  all_copies().push_back(rung);
  return true;
}

static std::logic_error clash(const Rung& a, const Rung& b) {
  return std::logic_error(std::string(a.op) + ": rungs '" + a.name + "' (" + a.file + ") and '" + b.name +
                          "' (" + b.file + ") share a name or a height");
}

std::vector<Rung> rungs_for(int isa, int slow_isa) {
  std::map<std::pair<std::string, int>, Rung> best; // sorted by op, then height
  for (const Rung* copy : all_copies()) {
    if (copy->isa > isa) continue;
    const int height = copy->height - (copy->isa == slow_isa ? SLOW : 0);
    auto [place, is_new] = best.try_emplace({copy->op, height}, *copy);
    if (is_new) continue;
    Rung& other = place->second;
    if (std::string(other.name) != copy->name || other.isa == copy->isa) throw clash(other, *copy);
    if (copy->isa > other.isa) other = *copy;
  }
  std::map<std::pair<std::string, std::string>, const Rung*> by_name;
  std::vector<Rung> rungs;
  for (const auto& [place, rung] : best) {
    auto [twin, is_new] = by_name.try_emplace({rung.op, rung.name}, &rung);
    if (!is_new) throw clash(*twin->second, rung);
    rungs.push_back(rung);
  }
  return rungs;
}

} // namespace stepgrad
