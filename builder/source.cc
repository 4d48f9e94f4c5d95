#include <algorithm>

#include "builder/builder.h"
#include "builder/source_tree.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

constexpr std::size_t kTextBytesMax = 2048;
constexpr const char* kAllowed =
    "allowed: https://HOST/OWNER/REPO.git, ssh://…, git@HOST:PATH, file:///PATH, "
    "npm:NAME[@VERSION], "
    "pypi:NAME[@VERSION], image:REFERENCE, /absolute/path or ./directory";

tl::unexpected<Error> refused(const std::string& why) {
  return fail(ErrorCode::invalid_argument, "E_FETCH", why, kAllowed);
}

bool is_all_of(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

// A word that git, npm or pip could take for an option or a path up is none of ours.
bool is_plain_word(std::string_view text, std::string_view more) {
  return !text.empty() && text.size() <= 214 && text.front() != '-' && text.front() != '.' &&
         is_all_of(text, more) && !contains(text, "..");
}

Result<Source> parse_npm(std::string_view text) {
  const std::size_t at = text.find('@', 1);
  const auto name = text.substr(0, at);
  const auto version = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  std::string_view bare = name;
  if (!name.empty() && name.front() == '@') {
    const std::size_t slash = name.find('/');
    if (slash == std::string_view::npos || !is_plain_word(name.substr(1, slash - 1), "._-~"))
      return refused("\"" + excerpt(name) + "\" is no npm package name");
    bare = name.substr(slash + 1);
  }
  if (!is_plain_word(bare, "._-~"))
    return refused("\"" + excerpt(name) + "\" is no npm package name");
  if (at != std::string_view::npos && !is_plain_word(version, "._-+^~"))
    return refused("\"" + excerpt(version) + "\" is no version, range or tag");
  Source source;
  source.kind = SourceKind::npm;
  source.location = std::string(name);
  source.ref = std::string(version);
  return source;
}

Result<Source> parse_pypi(std::string_view text) {
  std::string_view name = text;
  std::string_view version;
  std::size_t at = text.find("==");
  std::size_t width = 2;
  if (at == std::string_view::npos) at = text.find('@'), width = 1;
  if (at != std::string_view::npos) {
    name = text.substr(0, at);
    version = text.substr(at + width);
    if (!is_plain_word(version, "._-+!"))
      return refused("\"" + excerpt(version) + "\" is no version");
  }
  if (!is_plain_word(name, "._-[],")) return refused("\"" + excerpt(name) + "\" is no PyPI name");
  Source source;
  source.kind = SourceKind::pypi;
  source.location = std::string(name);
  source.ref = std::string(version);
  return source;
}

Result<Source> parse_image(std::string_view text) {
  if (!is_plain_word(text.substr(0, 214), "._-/:@") || text.size() > 500)
    return refused("\"" + excerpt(text) + "\" is no image reference");
  Source source;
  source.kind = SourceKind::image;
  source.location = std::string(text);
  return source;
}

// user:password@ would end in a process list, a log and .git/config.
bool has_password(std::string_view authority) {
  const std::size_t at = authority.rfind('@');
  return at != std::string_view::npos && contains(authority.substr(0, at), ":");
}

Result<void> check_authority(std::string_view url, bool is_user_allowed) {
  const std::size_t begin = url.find("://") + 3;
  const auto authority = url.substr(begin, std::min(url.find('/', begin), url.size()) - begin);
  const std::size_t at = authority.rfind('@');
  const auto host = at == std::string_view::npos ? authority : authority.substr(at + 1);
  if (has_password(authority) || (at != std::string_view::npos && !is_user_allowed))
    return fail(ErrorCode::invalid_argument, "E_FETCH", "credentials do not belong into a URL",
                "use an ssh key of the account that Sigil runs as, or a public URL");
  if (host.empty() || host.front() == '-') return refused("the URL names no host");
  return {};
}

Result<Source> git_source(std::string_view url) {
  Source source;
  source.kind = SourceKind::git;
  // URL#REF and URL#REF:SUBDIRECTORY, as Docker and npm write it.
  const std::size_t hash = url.find('#');
  if (hash != std::string_view::npos) {
    const auto fragment = url.substr(hash + 1);
    const std::size_t colon = std::min(fragment.find(':'), fragment.size());
    source.ref = std::string(fragment.substr(0, colon));
    source.path = std::string(fragment.substr(std::min(colon + 1, fragment.size())));
    if (!source.path.empty() && !normal_path(source.path))
      return refused("the path after # leaves the repository");
    url = url.substr(0, hash);
  }
  source.location = std::string(url);
  return source;
}

Result<Source> parse_url(std::string_view url) {
  if (begins_with(url, "file://")) {
    if (!begins_with(url, "file:///")) return refused("a file URL begins with file:///");
    return git_source(url);
  }
  if (begins_with(url, "https://") || begins_with(url, "ssh://")) {
    SIGIL_CHECK(check_authority(url, begins_with(url, "ssh://")));
    return git_source(url);
  }
  const auto scheme = url.substr(0, url.find(':'));
  return refused("sources over \"" + excerpt(scheme, 20) + "\" are not fetched");
}

// git@host:path, where the part before the colon holds no slash.
bool is_scp_form(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::size_t at = text.find('@');
  return at != std::string_view::npos && colon != std::string_view::npos && at > 0 && at < colon &&
         !contains(text.substr(0, colon), "/") && is_plain_word(text.substr(0, at), "._-") &&
         is_plain_word(text.substr(at + 1, colon - at - 1), ".-") && colon + 1 < text.size();
}

bool is_printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

Result<Source> parse_source(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return refused("the source is empty");
  if (text.size() > kTextBytesMax || !is_printable(text)) return refused("this is no source");
  if (begins_with(text, "npm:")) return parse_npm(text.substr(4));
  if (begins_with(text, "pypi:")) return parse_pypi(text.substr(5));
  if (begins_with(text, "image:")) return parse_image(text.substr(6));
  const bool is_directory = text.front() == '/' || text == "." || text == ".." ||
                            begins_with(text, "./") || begins_with(text, "../");
  if (is_directory) {
    Source source;
    source.kind = SourceKind::path;
    source.location = std::string(text);
    return source;
  }
  if (contains(text, " ")) return refused("a URL holds no spaces");
  if (begins_with(text, "git+")) text.remove_prefix(4);
  if (contains(text, "://")) return parse_url(text);
  if (is_scp_form(text)) return git_source(text);
  return refused("\"" + excerpt(text, 60) + "\" is neither a URL nor a package nor a directory");
}

}  // namespace sigil::builder
