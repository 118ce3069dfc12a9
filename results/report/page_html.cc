// SPDX-License-Identifier: MIT
#include "results/report/page_html.h"

#include "results/report/assets.h"
#include "results/report/escape.h"

namespace heapwise {
namespace {

constexpr const char* kHead =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src "
    "'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n";

}  // namespace

std::string html_page(const std::string& title, const std::string& body,
                      const nlohmann::json& charts) {
  std::string text = kHead;
  text += "<title>" + escape_html(title) + "</title>\n<style>\n";
  text += assets::style();
  text += "</style>\n</head>\n<body>\n<main>\n" + body;
  text +=
      "</main>\n<noscript><p class=\"warning\">The charts need JavaScript; verdicts and tables "
      "do not.</p></noscript>\n<script type=\"application/json\" id=\"heapwise-charts\">";
  text += escape_script(charts);
  text += "</script>\n<script>\n";
  text += assets::script();
  return text + "\n</script>\n</body>\n</html>\n";
}

}  // namespace heapwise
