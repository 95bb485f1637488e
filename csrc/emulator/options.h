// The environment variables, read at every launch.
#pragma once

namespace stepgrad::emulator {

struct Options {
  enum Order {
    FORWARD,
    REVERSE,
    RANDOM
  } order; // STEPGRAD_EMULATOR_ORDER=forward, reverse, random or random:7
  unsigned seed;
  bool eager_copies; // STEPGRAD_EMULATOR_ASYNC=eager: at once; lazy: when they are waited for
};

Options read_options(); // std::runtime_error names a wrong value

} // namespace stepgrad::emulator
