# SPDX-License-Identifier: MIT
"""clang++ -O2 on a file that includes much of the standard library and uses it."""
GROUP = "named"
COMMAND = ["clang++", "-O2", "-std=c++17", "-c", "-o", "/dev/null", "{inputs}/load.cc"]

SOURCE = r'''
#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <future>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>
'''

FUNCTION = r'''
struct Row%(n)d { int id; std::string name; std::vector<double> values; };
std::map<std::string, Row%(n)d> index%(n)d(const std::vector<Row%(n)d>& rows) {
  std::map<std::string, Row%(n)d> result;
  for (const auto& row : rows) result.emplace(row.name, row);
  return result;
}
std::string join%(n)d(std::unordered_map<int, std::set<Row%(n)d*>>& rows) {
  std::ostringstream out;
  std::vector<std::pair<int, std::size_t>> sizes;
  for (auto& [key, set] : rows) sizes.emplace_back(key, set.size() + %(n)d);
  std::sort(sizes.begin(), sizes.end(), [](auto a, auto b) { return a.second > b.second; });
  for (auto& [key, size] : sizes) out << key << ':' << size << ' ';
  return std::regex_replace(out.str(), std::regex("(\\d+):(\\d+)"), "$2=$1");
}
'''


def make_input(folder, random):
    (folder / "load.cc").write_text(SOURCE + "".join(FUNCTION % {"n": n} for n in range(8)))
