// SPDX-License-Identifier: MIT
#include "bench/session/program_name.h"

namespace heapwise {

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string program_name(const std::string& first_argument, const std::string& executable) {
  std::string name = file_name(first_argument);
  if (!name.empty() && name.front() == '-') name.erase(0, 1);  // a login shell
  const bool usable = !name.empty() && name.find(' ') == std::string::npos;
  return usable ? name : file_name(executable);
}

}  // namespace heapwise
