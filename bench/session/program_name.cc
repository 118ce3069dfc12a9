// SPDX-License-Identifier: MIT
#include "bench/session/program_name.h"

namespace heapwise {

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string program_name(const std::string& first_argument, const std::string& executable) {
  // A server's process says in its title what it does: "nginx: worker process".
  std::string name = file_name(first_argument.substr(0, first_argument.find(": ")));
  if (!name.empty() && name.front() == '-') name.erase(0, 1);  // a login shell
  const bool usable = !name.empty() && name.find(' ') == std::string::npos;
  return usable ? name : file_name(executable);
}

}  // namespace heapwise
