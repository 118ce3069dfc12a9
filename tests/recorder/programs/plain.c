/* SPDX-License-Identifier: MIT */
/* A C program that loads a plug-in written in C++. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

int main(int count, char** arguments) {
  if (count < 2) return 64;
  void* plugin = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (plugin == NULL) return 2;
  int (*ask)(size_t) = (int (*)(size_t))dlsym(plugin, "ask_for_too_much");
  return ask == NULL ? 3 : ask(PTRDIFF_MAX - 4096);
}
