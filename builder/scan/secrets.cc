#include "builder/scan/secrets.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "base/encoding.h"
#include "builder/scan/inventory.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

using builder::contains;

constexpr std::size_t kHitsMax = 50;
constexpr std::size_t kValueBytesMin = 12;
constexpr double kEntropyMin = 3.5;

struct Provider {
  const char* kind;
  const char* pattern;
};

// Forms that providers document, each long enough not to be met by chance.
constexpr Provider kProviders[] = {
    {"AWS access key", R"((?:AKIA|ASIA)[0-9A-Z]{16})"},
    {"GitHub token", R"(gh[pousr]_[A-Za-z0-9]{36,})"},
    {"GitHub token", R"(github_pat_[A-Za-z0-9_]{50,})"},
    {"GitLab token", R"(glpat-[A-Za-z0-9_-]{20,})"},
    {"Slack token", R"(xox[abposre]-[0-9A-Za-z-]{20,})"},
    {"Slack webhook",
     R"(hooks\.slack\.com/services/T[A-Z0-9]{7,12}/B[A-Z0-9]{7,12}/[A-Za-z0-9]{20,30})"},
    {"Discord webhook", R"(discord(?:app)?\.com/api/webhooks/\d{17,20}/[A-Za-z0-9_-]{60,})"},
    {"Anthropic key", R"(sk-ant-[A-Za-z0-9_-]{32,})"},
    {"OpenAI key", R"(sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{32,})"},
    {"Google API key", R"(AIza[0-9A-Za-z_-]{35})"},
    {"Google OAuth secret", R"(GOCSPX-[0-9A-Za-z_-]{28})"},
    {"Stripe key", R"([sr]k_live_[0-9a-zA-Z]{20,})"},
    {"npm token", R"(npm_[A-Za-z0-9]{36})"},
    {"PyPI token", R"(pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,})"},
    {"SendGrid key", R"(SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})"},
    {"Telegram bot token", R"(\d{8,10}:AA[A-Za-z0-9_-]{33})"},
    {"Hugging Face token", R"(hf_[A-Za-z0-9]{34,40})"},
    {"DigitalOcean token", R"(do[por]_v1_[a-f0-9]{64})"},
    {"Notion token", R"((?:secret_[A-Za-z0-9]{43}|ntn_[A-Za-z0-9]{40,}))"},
    {"Linear key", R"(lin_api_[A-Za-z0-9]{40})"},
    {"Figma token", R"(figd_[A-Za-z0-9_-]{40,})"},
    {"Shopify token", R"(shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32})"},
    {"Groq key", R"(gsk_[A-Za-z0-9]{50,})"},
    {"Replicate token", R"(r8_[A-Za-z0-9]{37})"},
    {"Perplexity key", R"(pplx-[A-Za-z0-9]{40,})"},
    {"xAI key", R"(xai-[A-Za-z0-9]{70,})"},
    {"Tavily key", R"(tvly-(?:dev-|prod-)?[A-Za-z0-9]{28,40})"},
    {"Firecrawl key", R"(fc-[a-f0-9]{32})"},
    {"Postman key", R"(PMAK-[a-f0-9]{24}-[a-f0-9]{34})"},
    {"Databricks token", R"(dapi[a-f0-9]{32})"},
    {"Airtable token", R"(pat[A-Za-z0-9]{14}\.[a-f0-9]{64})"},
    {"Atlassian token", R"(ATATT3[A-Za-z0-9_=-]{100,})"},
    {"Azure storage key", R"(AccountKey=[A-Za-z0-9+/]{86}==)"},
    {"Supabase token", R"(sbp_[a-f0-9]{40})"},
    {"Brave key", R"(BSA[A-Za-z0-9_-]{27,28})"},
    {"Twilio key", R"(SK[0-9a-f]{32})"},
    {"Mailgun key", R"(key-[0-9a-z]{32})"},
    {"age key", R"(AGE-SECRET-KEY-1[A-Z0-9]{58})"},
    {"private key", R"(-----BEGIN (?:[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----)"},
    {"JSON Web Token", R"(eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,})"},
};

const RE2& any_provider() {
  static const RE2 kPattern = [] {
    std::string all;
    for (const auto& provider : kProviders)
      all += (all.empty() ? "" : "|") + std::string(provider.pattern);
    return "(?:^|[^A-Za-z0-9_-])(" + all + ")(?:$|[^A-Za-z0-9_])";
  }();
  return kPattern;
}

const RE2& connection_string() {
  static const RE2 kPattern(
      R"((?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|redis|rediss|amqps?|mssql|https?|ftp)://([^\s:/@"'`]{1,80}):([^\s:/@"'`]{3,120})@([A-Za-z0-9.\[\]-]{1,200}))");
  return kPattern;
}

constexpr const char* kSecretName =
    R"((?:password|passwd|pwd|secret|token|api[_-]?key|apikey|private[_-]?key|access[_-]?key|auth[_-]?key|credential)s?)";

const RE2& quoted_assignment() {
  static const RE2 kPattern(
      R"re((?i)\b([A-Za-z0-9_.-]{0,60}?)re" + std::string(kSecretName) +
      R"re([A-Za-z0-9_]{0,20})["']?\]?\s*(?::\s*(?:str|string)\s*)?(?:=|:|:=|=>)\s*)re"
      R"re((?:[A-Za-z_.]{1,60}\s*(?:\|\||\?\?|or)\s*)?[bfr]?["'`]([^"'`\s]{12,200})["'`])re");
  return kPattern;
}

// WEATHER_KEY = "…": a name that only ends in key needs a value that can be nothing else.
const RE2& quoted_key() {
  static const RE2 kPattern(
      R"re((?i)\b([A-Za-z0-9_]{2,40}key)["']?\]?\s*(?::\s*(?:str|string)\s*)?(?:=|:|:=)\s*["'`]([A-Za-z0-9+/=_-]{20,200})["'`])re");
  return kPattern;
}

// "Bearer …", "Basic …" as a whole literal, and ?api_key=… inside one.
const RE2& authorization_literal() {
  static const RE2 kPattern(
      R"re(["'`](Bearer|Basic|token|Token)\s+([A-Za-z0-9+/=._~-]{16,400})["'`])re");
  return kPattern;
}
const RE2& query_literal() {
  static const RE2 kPattern(
      R"re((?i)[?&]((?:api|access|auth|app)?[_-]?(?:key|token|secret|id_token|appid)|appid|apikey)=([A-Za-z0-9_-]{16,200})(?:["'`&\s]|$))re");
  return kPattern;
}

// key: value or KEY=value at the end of a line, without quotes.
const RE2& unquoted_assignment() {
  static const RE2 kPattern(
      R"re((?im)^\s*(?:-\s+|export\s+|ENV\s+)?([A-Za-z0-9_.-]{0,60}?)re" +
      std::string(kSecretName) +
      R"re([A-Za-z0-9_]{0,20})\s*[:=]\s*([^"'`\s#{}$<>()]{16,200})\s*(?:#.*)?$)re");
  return kPattern;
}

// process.env.X_TOKEN || "…", os.getenv("X_TOKEN", "…"), os.environ.get('X_KEY', '…')
const RE2& environment_fallback() {
  static const RE2 kPattern(
      R"re((?i)(?:env\.|env\[["']|getenv\(["']|environ\.get\(["'])([A-Z0-9_]{0,60}(?:PASSWORD|PASSWD|SECRET|TOKEN|KEY|PAT|CREDENTIAL)S?[A-Z0-9_]{0,20})["']?\]?\)?\s*(?:,|\|\||\?\?|or)\s*["'`]([^"'`\s]{8,200})["'`])re");
  return kPattern;
}

const RE2& plain_assignment() {
  static const RE2 kPattern(R"re((?im)^\s*(?:export\s+)?([A-Z0-9_]{0,60}?)re" +
                            std::string(kSecretName) +
                            R"re([A-Z0-9_]{0,20})\s*=\s*["']?([^"'\s#]{8,300}))re");
  return kPattern;
}

std::string kind_of(std::string_view value) {
  static const auto kPatterns = [] {
    std::vector<std::unique_ptr<RE2>> patterns;
    for (const auto& provider : kProviders)
      patterns.push_back(std::make_unique<RE2>(provider.pattern));
    return patterns;
  }();
  for (std::size_t i = 0; i < kPatterns.size(); ++i)
    if (RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *kPatterns[i]))
      return kProviders[i].kind;
  return "credential";
}

// Keys that are made to be public: an anonymous role, the sample of a standard's page.
bool is_public_token(std::string_view value) {
  const auto dot = value.find('.');
  const auto second = value.find('.', dot + 1);
  const auto payload = from_base64url(value.substr(dot + 1, second - dot - 1));
  return !payload || contains(*payload, "\"role\":\"anon\"") || contains(*payload, "1234567890") ||
         contains(*payload, "John Doe");
}

// "environment-key-123abc": two plain words among the parts are a name, not chance.
bool is_slug(std::string_view value) {
  int words = 0;
  std::size_t letters = 0;
  bool is_plain = true;
  for (const char each : std::string(value) + "-") {
    if (each == '-' || each == '_' || each == '.' || each == ':' || each == '/') {
      if (is_plain && letters >= 3) ++words;
      letters = 0;
      is_plain = true;
    } else {
      const bool is_letter = each >= 'a' && each <= 'z';
      is_plain = is_plain && is_letter;
      if (is_letter) ++letters;
    }
  }
  return words >= 2;
}

bool is_words_only(std::string_view value) {
  static const RE2 kWords(R"([A-Za-z][a-z]*(?:[_\-./: ]?[A-Za-z][a-z]*)*[0-9]{0,2})");
  // Names of variables and paths of names, with a digit or two in a word (N8N_PASSWORD, app/v1:x).
  static const RE2 kConstant(R"([A-Z][A-Z0-9]{0,11}(?:_[A-Z0-9]{1,14})+)");
  static const RE2 kPath(R"([a-z][a-z0-9]*(?:[-/:._]+[a-z][a-z0-9]{0,15})+[-/:._]*)");
  const re2::StringPiece piece(value.data(), value.size());
  if (RE2::FullMatch(piece, kPath) &&
      std::ranges::count_if(value, [](char each) { return each >= '0' && each <= '9'; }) <= 2)
    return true;
  return RE2::FullMatch(piece, kConstant) ||
         (RE2::FullMatch(piece, kWords) && entropy_of(value) < 4.2);
}

// What stands behind a name like "token" and is no secret: addresses, paths, hashes, expressions.
bool is_harmless_value(std::string_view value) {
  if (contains(value, "://") || builder::begins_with(value, "/") ||
      builder::begins_with(value, "./") || builder::begins_with(value, "pk_") ||
      builder::begins_with(value, "sha") || builder::begins_with(value, "#") ||
      builder::begins_with(value, "$"))
    return true;
  if (value.find_first_of("(){}[]<>\\;,") != std::string_view::npos) return true;
  const bool has_digit = value.find_first_of("0123456789") != std::string_view::npos;
  return !has_digit || is_words_only(value) || is_slug(value);
}

bool is_public_name(std::string_view name) {
  const auto low = builder::lowered(name);
  return contains(low, "public") || contains(low, "publishable") || contains(low, "hash") ||
         contains(low, "example") || contains(low, "sample") || contains(low, "placeholder") ||
         contains(low, "url") || contains(low, "endpoint") || contains(low, "name") ||
         contains(low, "path") || contains(low, "id_") || contains(low, "tokenizer") ||
         contains(low, "next_page") || contains(low, "cursor") || contains(low, "mock") ||
         contains(low, "cache") || contains(low, "primary") || contains(low, "foreign") ||
         contains(low, "sitekey") || contains(low, "site_key") || contains(low, "storage") ||
         contains(low, "query") || contains(low, "sort") || contains(low, "fixture");
}

// Continuation bytes add nothing; a four-byte character is two units.
int utf16_units(std::string_view text) {
  int units = 0;
  for (const char each : text) {
    const auto byte = static_cast<unsigned char>(each);
    if ((byte & 0xC0U) != 0x80U) units += byte >= 0xF0U ? 2 : 1;
  }
  return units;
}

class Finder {
 public:
  Finder(std::string_view text, SecretFile file) : text_(text), file_(file) {}

  std::vector<SecretHit> run() {
    providers();
    connections();
    if (file_ == SecretFile::code || file_ == SecretFile::configuration) {
      assignments(environment_fallback(), 3.0);
      assignments(quoted_assignment(), kEntropyMin);
      assignments(quoted_key(), kEntropyMin);
      assignments(authorization_literal(), kEntropyMin);
      assignments(query_literal(), kEntropyMin);
      if (file_ == SecretFile::configuration) assignments(unquoted_assignment(), kEntropyMin);
    } else if (file_ == SecretFile::environment) {
      assignments(plain_assignment(), 2.8);
    }
    std::ranges::sort(hits_, [](const SecretHit& a, const SecretHit& b) {
      return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    });
    return std::move(hits_);
  }

 private:
  void add(const char* at, std::string kind, std::string_view value, std::string name) {
    if (hits_.size() >= kHitsMax) return;
    const auto offset = static_cast<std::size_t>(at - text_.data());
    const auto before = text_.substr(0, offset);
    const auto line_begin = before.rfind('\n');
    SecretHit hit;
    hit.line = 1 + static_cast<int>(std::ranges::count(before, '\n'));
    hit.column =
        1 + utf16_units(before.substr(line_begin == std::string_view::npos ? 0 : line_begin + 1));
    // One value, one hit, even when two patterns know it.
    if (std::ranges::any_of(hits_, [&](const SecretHit& each) { return each.line == hit.line; }))
      return;
    hit.kind = std::move(kind);
    hit.prefix = value.substr(0, 4);
    hit.length = value.size();
    hit.name = std::move(name);
    hits_.push_back(std::move(hit));
  }

  void providers() {
    re2::StringPiece rest(text_.data(), text_.size());
    re2::StringPiece match;
    while (RE2::FindAndConsume(&rest, any_provider(), &match)) {
      const std::string_view value(match.data(), match.size());
      const auto kind = kind_of(value);
      if (kind == "JSON Web Token" && is_public_token(value)) continue;
      if (kind == "private key" ? !has_key_body(value) : is_no_secret(value)) continue;
      add(match.data(), kind, value, {});
    }
  }

  static bool is_no_secret(std::string_view value) {
    return is_placeholder(value) || entropy_of(value) < 3.0;
  }

  // "-----BEGIN PRIVATE KEY-----" alone is what programs look for; a key has lines behind it.
  bool has_key_body(std::string_view header) const {
    const auto offset = static_cast<std::size_t>(header.data() - text_.data()) + header.size();
    static const RE2 kBody(R"(\A["'`]?(?:\\r|\\n|[\s"'`+,])*[A-Za-z0-9+/=]{40,})");
    const auto body = text_.substr(offset, 400);
    return RE2::PartialMatch(re2::StringPiece(body.data(), body.size()), kBody) &&
           !is_placeholder(body.substr(0, 80));
  }

  void connections() {
    re2::StringPiece rest(text_.data(), text_.size());
    re2::StringPiece user, password, host;
    while (RE2::FindAndConsume(&rest, connection_string(), &user, &password, &host)) {
      const std::string_view value(password.data(), password.size());
      const std::string_view where(host.data(), host.size());
      static const RE2 kUsual(
          "(?i)(pass|password|passwd|pwd|postgres|root|admin|secret|mysql|redis|guest|user|mongo|"
          "test|pw)[0-9]{0,3}");
      if (is_placeholder(value) || is_placeholder(where) ||
          value == std::string_view(user.data(), user.size()) ||
          value.find_first_of("{}$<>%*[]()") != std::string_view::npos || where == "localhost" ||
          where == "127.0.0.1" || where == "host" || RE2::FullMatch(password, kUsual))
        continue;
      add(password.data(), "password in a connection string", value, {});
    }
  }

  void assignments(const RE2& pattern, double entropy_min) {
    re2::StringPiece rest(text_.data(), text_.size());
    re2::StringPiece name, match;
    while (RE2::FindAndConsume(&rest, pattern, &name, &match)) {
      const std::string_view value(match.data(), match.size());
      const std::string_view key(name.data(), name.size());
      if (value.size() < kValueBytesMin && entropy_min > 3.2) continue;
      if (is_placeholder(value) || is_harmless_value(value) || is_public_name(key) ||
          entropy_of(value) < entropy_min)
        continue;
      add(match.data(), "credential", value, std::string(key.substr(0, 60)));
    }
  }

  std::string_view text_;
  SecretFile file_;
  std::vector<SecretHit> hits_;
};

}  // namespace

double entropy_of(std::string_view value) {
  if (value.empty()) return 0;
  std::array<int, 256> counts{};
  for (const char each : value) ++counts[static_cast<unsigned char>(each)];
  double bits = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(value.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

bool is_placeholder(std::string_view value) {
  static const RE2 kPlaceholder(
      "(?i)your|xxx|example|demo|change[_-]?me|placeholder|dummy|sample|fake|mock|insert|replace|"
      "redacted|todo|<|>|\\$\\{|\\{\\{|\\*\\*\\*|\\.\\.\\.|…|1234567|abcdef|abcde1|012345|12345$|"
      "test|foobar|"
      "deadbeef|not[_-]?a[_-]|here$|\\benter[_-]");
  if (RE2::PartialMatch(re2::StringPiece(value.data(), value.size()), kPlaceholder)) return true;
  std::size_t run = 1;
  for (std::size_t i = 1; i < value.size(); ++i) {
    run = value[i] == value[i - 1] ? run + 1 : 1;
    if (run >= 6) return true;
  }
  return false;
}

std::vector<SecretHit> find_secrets(std::string_view text, SecretFile file) {
  return Finder(text, file).run();
}

bool is_environment_file(std::string_view path) {
  const auto name = base_name(path);
  if (name != ".env" && !builder::begins_with(name, ".env.")) return false;
  for (const auto* harmless :
       {"example", "sample", "template", "dist", "test", "default", "schema"})
    if (contains(name, harmless)) return false;
  return true;
}

std::string masked(const SecretHit& hit) {
  return "\"" + hit.prefix + "…\" (" + std::to_string(hit.length) + " characters)";
}

}  // namespace sigil::scan
