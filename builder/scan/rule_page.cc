#include "builder/scan/rule_catalogue.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

std::string language_names(const Rule& rule) {
  std::vector<std::string> names;
  for (const char letter : rule.languages) {
    if (letter == 'J') names.emplace_back("JavaScript and TypeScript");
    if (letter == 'P') names.emplace_back("Python");
    if (letter == 'G') names.emplace_back("Go");
    if (letter == '*') names.emplace_back("any file");
  }
  return builder::joined(names, ", ");
}

std::string html_text(std::string_view text) {
  std::string out;
  for (const char each : text) {
    if (each == '&') {
      out += "&amp;";
    } else if (each == '<') {
      out += "&lt;";
    } else if (each == '>') {
      out += "&gt;";
    } else {
      out += each;
    }
  }
  return out;
}

std::string html_page(const std::string& title, const std::string& body) {
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width\"><title>" +
         html_text(title) +
         "</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;"
         "padding:0 1rem}pre{background:#f4f4f4;color:#111;padding:.8rem;overflow:auto}"
         "</style></head>\n<body>\n" +
         body + "</body></html>\n";
}

}  // namespace

std::string rule_page_markdown(const Rule& rule) {
  std::string page = "# " + std::string(rule.id) + ": " + std::string(rule.title) + "\n\n";
  page += "Type `" + std::string(rule.type) + "`, severity **" +
          std::string(to_text(rule.severity)) + "**, " + language_names(rule) + ".\n\n";
  page += "## Why\n" + std::string(rule.why) + "\n\n";
  page += "## Fires\n```\n" + std::string(rule.firing) + "\n```\n\n";
  page += "## Safe\n```\n" + std::string(rule.safe) + "\n```\n\n";
  page += "## Fix\n" + std::string(rule.fix) + "\n\n## References\n";
  for (const auto& reference : references_of(rule)) page += "- " + reference + "\n";
  return page;
}

std::string rule_page_html(const Rule& rule) {
  const auto title = std::string(rule.id) + ": " + std::string(rule.title);
  std::string body = "<h1>" + html_text(title) + "</h1>\n<p>Type <code>" + html_text(rule.type) +
                     "</code>, severity <b>" + std::string(to_text(rule.severity)) + "</b>, " +
                     language_names(rule) + ".</p>\n";
  body += "<h2>Why</h2>\n<p>" + html_text(rule.why) + "</p>\n";
  body += "<h2>Fires</h2>\n<pre>" + html_text(rule.firing) + "</pre>\n";
  body += "<h2>Safe</h2>\n<pre>" + html_text(rule.safe) + "</pre>\n";
  body += "<h2>Fix</h2>\n<p>" + html_text(rule.fix) + "</p>\n<h2>References</h2>\n<ul>\n";
  for (const auto& reference : references_of(rule))
    body += "<li>" + html_text(reference) + "</li>\n";
  body += "</ul>\n<p><a href=\"/docs/rules\">All rules</a></p>\n";
  return html_page(title, body);
}

std::string rule_index_html() {
  std::string body = "<h1>Scan rules</h1>\n<p>Ruleset " + std::string(kRuleset) + "</p>\n<ul>\n";
  for (const auto& rule : all_rules())
    body += "<li><a href=\"/docs/rules/" + std::string(rule.id) + "\">" + std::string(rule.id) +
            "</a> " + html_text(rule.title) + " (" + std::string(to_text(rule.severity)) +
            ")</li>\n";
  return html_page("Scan rules", body + "</ul>\n");
}

}  // namespace sigil::scan
