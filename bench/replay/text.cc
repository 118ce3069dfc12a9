// SPDX-License-Identifier: MIT
#include "bench/replay/text.h"

#include <unistd.h>

namespace heapwise::replay {

Text& Text::operator<<(const char* text) {
  while (*text != '\0' && size_ < sizeof bytes_) bytes_[size_++] = *text++;
  return *this;
}

Text& Text::operator<<(std::uint64_t number) {
  char digits[21];
  char* at = digits + sizeof digits - 1;
  *at = '\0';
  do {
    *--at = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  return *this << at;
}

Text& Text::ratio(std::uint64_t number, std::uint64_t scale) {
  if (scale == 0) return *this << "0.00";
  const auto hundredths =
      static_cast<std::uint64_t>(static_cast<unsigned __int128>(number) * 100 / scale);
  const std::uint64_t rest = hundredths % 100;
  return *this << hundredths / 100 << (rest < 10 ? ".0" : ".") << rest;
}

void Text::write_to(int file) const {
  const char* at = bytes_;
  std::size_t left = size_;
  while (left > 0) {
    const ssize_t written = write(file, at, left);
    if (written <= 0) return;
    at += written;
    left -= static_cast<std::size_t>(written);
  }
}

}  // namespace heapwise::replay
