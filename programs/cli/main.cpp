#include "programs/cli/command.hpp"

int main(int argc, char** argv) {
  quaero::cli::command_context context{quaero::cli::standard_console()};
  return quaero::cli::run_command_line(argc, argv, context);
}
