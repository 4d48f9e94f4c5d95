#include "builder/fetch/git_fetch.h"

#include <algorithm>
#include <filesystem>

#include "base/process/process.h"
#include "builder/fetch/git_credential.h"
#include "builder/fetch/size_watch.h"
#include "builder/text.h"

namespace sigil::builder {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string protocol_of(std::string_view url) {
  const std::size_t end = url.find("://");
  return end == std::string_view::npos ? "ssh" : std::string(url.substr(0, end));
}

bool is_commit(std::string_view ref) {
  return ref.size() == 40 && std::all_of(ref.begin(), ref.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// Stricter than git: nothing it could take for an option, a refspec or a revision expression.
Result<void> check_ref(std::string_view ref) {
  const bool is_good = ref.size() <= 255 && !begins_with(ref, "-") && !begins_with(ref, "/") &&
                       !contains(ref, "..") && !contains(ref, "@{") &&
                       ref.find_first_of(" \t\r\n:^~?*[\\+") == std::string_view::npos;
  if (is_good) return {};
  return fail(ErrorCode::invalid_argument, "E_FETCH",
              "\"" + excerpt(ref, 60) + "\" is no branch, tag or commit",
              "give a branch, a tag, or the 40 digits of a commit");
}

class Git {
 public:
  Git(const GitFetch& fetch, const FetchLimits& limits, const LogSink& log, std::stop_token stop)
      : fetch_(fetch), log_(log), stop_(std::move(stop)) {
    environment_ = git_environment(fetch);
    deadline_ = steady_clock::now() + limits.time_max;
  }

  Result<std::string> run(std::vector<std::string> arguments) const {
    ProcessOptions options;
    options.argv = {"git", "-C", fetch_.target};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.environment = environment_;
    options.time_max = std::max(
        milliseconds(1), std::chrono::duration_cast<milliseconds>(deadline_ - steady_clock::now()));
    if (!fetch_.credential.is_empty())
      options.descriptors.emplace(kGitCredentialDescriptor, fetch_.credential);
    options.on_stderr_line = [this](std::string_view line) {
      if (log_.line) log_.line("stderr", without_credential(line));
    };
    auto outcome = run_process(options, stop_);
    if (!outcome && outcome.error().code == ErrorCode::timed_out)
      return fail(ErrorCode::timed_out, "E_LIMIT",
                  "fetching " + fetch_.url + " did not end within the time limit",
                  "raise the time limit for fetching, or try again later");
    if (!outcome && outcome.error().code == ErrorCode::not_found)
      return fail(ErrorCode::unavailable, "E_FETCH", "git is not installed on this host",
                  "install the package git");
    if (!outcome) return tl::unexpected(std::move(outcome).error());
    if (outcome->exit_code != 0)
      return fail(git_error(fetch_, without_credential(outcome->error_output)));
    return std::string(trimmed(outcome->output));
  }

 private:
  // git never prints it; should a server send it back, it still stays out of the log.
  std::string without_credential(std::string_view line) const {
    std::string text(line);
    const std::string& secret = fetch_.credential.reveal();
    const auto token = secret.substr(secret.find(':') + 1);
    if (token.empty()) return text;
    for (auto at = text.find(token); at != std::string::npos; at = text.find(token, at))
      text.replace(at, token.size(), "[redacted]");
    return text;
  }

  const GitFetch& fetch_;
  const LogSink& log_;
  std::stop_token stop_;
  std::map<std::string, std::string> environment_;
  steady_clock::time_point deadline_;
};

std::vector<std::string> fetch_arguments(const GitFetch& fetch) {
  std::vector<std::string> arguments = {"fetch",   "--depth",   "1",
                                        "--quiet", "--no-tags", "--no-recurse-submodules"};
  // A repository on this host may belong to somebody else, and git's settings from the environment
  // do not reach the program at the other end.
  if (protocol_of(fetch.url) == "file")
    arguments.push_back("--upload-pack=git -c safe.directory=* upload-pack");
  arguments.insert(arguments.end(), {"--", fetch.url, fetch.ref.empty() ? "HEAD" : fetch.ref});
  return arguments;
}

bool says(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return contains(text, part); });
}

}  // namespace

std::map<std::string, std::string> git_environment(const GitFetch& fetch) {
  const auto protocol = protocol_of(fetch.url);
  const auto origin = origin_of_source(fetch.url);
  std::vector<std::pair<std::string, std::string>> config = {
      {"advice.detachedHead", "false"},
      {"core.attributesFile", "/dev/null"},
      {"core.fsmonitor", "false"},
      {"core.hooksPath", "/dev/null"},
      {"credential.helper", ""},
      {"fetch.recurseSubmodules", "false"},
      {"gc.auto", "0"},
      {"http.followRedirects", "false"},
      {"http.lowSpeedLimit", "1000"},
      {"http.lowSpeedTime", "60"},
      {"http.sslVerify", "true"},
      {"init.defaultBranch", "main"},
      {"protocol.allow", "never"},
      {"protocol." + protocol + ".allow", "always"},
      {"safe.directory", "*"},
      {"submodule.recurse", "false"},
      {"transfer.credentialsInUrl", "die"},
  };
  // After the empty one, which cleared all others. The origin is no secret; git adds "get".
  if (!fetch.credential.is_empty() && origin)
    config.emplace_back("credential.helper", "!'" + fetch.credential_helper + "' " + *origin);
  std::map<std::string, std::string> environment = {
      {"GIT_ALLOW_PROTOCOL", protocol},
      {"GIT_ASKPASS", "/bin/false"},
      {"GIT_CONFIG_GLOBAL", "/dev/null"},
      {"GIT_CONFIG_NOSYSTEM", "1"},
      {"GIT_LFS_SKIP_SMUDGE", "1"},
      // An unknown host key is a refusal, not a question nobody can answer.
      {"GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=20"},
      {"GIT_TERMINAL_PROMPT", "0"},
      {"HOME", ""},
      {"LC_ALL", "C.UTF-8"},
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"SSH_ASKPASS", "/bin/false"},
  };
  for (const auto& [name, value] : fetch.proxy_variables) environment[name] = value;
  std::size_t count = 0;
  const auto add = [&](const std::string& key, const std::string& value) {
    environment["GIT_CONFIG_KEY_" + std::to_string(count)] = key;
    environment["GIT_CONFIG_VALUE_" + std::to_string(count)] = value;
    ++count;
  };
  for (const auto& [key, value] : config) add(key, value);
  if (!fetch.ca_bundle.empty()) add("http.sslCAInfo", fetch.ca_bundle);
  environment["GIT_CONFIG_COUNT"] = std::to_string(count);
  return environment;
}

Error git_error(const GitFetch& fetch, std::string_view text) {
  Error error{ErrorCode::unavailable, "E_FETCH", fetch.url + " could not be fetched", {}, {}};
  if (says(text, {"couldn't find remote ref", "unadvertised object", "not our ref",
                  "upload-pack: not our ref"})) {
    error.code = ErrorCode::not_found;
    error.message = fetch.ref.empty() ? fetch.url + " has no commit yet"
                                      : fetch.url + " has no branch, tag or commit " + fetch.ref;
    error.hint = "check --ref; a commit needs all of its 40 digits";
  } else if (says(text, {"Authentication failed", "could not read Username", "terminal prompts",
                         "not found", "does not appear to be a git repository", "does not exist",
                         "Permission denied (publickey"})) {
    error.code = ErrorCode::not_found;
    error.message = fetch.url + " does not exist, or Sigil may not read it";
    error.hint =
        "check the URL; for a private repository set builder.git_credentials, or use ssh with a "
        "key of Sigil's account";
  } else if (says(text, {"redirect", "returned error: 301", "returned error: 302",
                         "returned error: 303", "returned error: 307", "returned error: 308"})) {
    error.message = fetch.url + " answers with a redirect, which is not followed";
    error.hint = "use the address it redirects to";
  } else if (says(text, {"Host key verification failed"})) {
    error.message = "the ssh host key behind " + fetch.url + " is not known";
    error.hint = "as Sigil's account, add it to ~/.ssh/known_hosts after checking its fingerprint";
  } else if (says(text, {"certificate", "SSL"})) {
    error.message = "the TLS certificate behind " + fetch.url + " is not trusted";
    error.hint = "add the company's CA to the setting builder.ca_bundle";
  } else if (says(text, {"Could not resolve host", "Connection refused", "timed out",
                         "Failed to connect"})) {
    error.message = "no connection to " + fetch.url;
    error.hint = "check the host name, the network and the proxy settings";
  }
  std::string last;
  for (const auto line : lines_of(text))
    if (!trimmed(line).empty()) last = excerpt(trimmed(line), 400);
  if (!last.empty()) error.message += " (git: " + last + ")";
  return error;
}

Result<std::string> fetch_git(const GitFetch& fetch, const FetchLimits& limits, const LogSink& log,
                              std::stop_token stop) {
  if (!fetch.ref.empty()) SIGIL_CHECK(check_ref(fetch.ref));
  std::error_code error;
  std::filesystem::create_directories(fetch.target, error);
  if (error) return fail(ErrorCode::internal, "E_FETCH", fetch.target + ": " + error.message());
  SizeWatch watch(fetch.target, limits, stop);
  const Git git(fetch, limits, log, watch.token());
  auto fetched = [&]() -> Result<std::string> {
    SIGIL_CHECK(git.run({"init", "--quiet"}));
    SIGIL_CHECK(git.run(fetch_arguments(fetch)));
    SIGIL_TRY(auto commit, git.run({"rev-parse", "--verify", "FETCH_HEAD^{commit}"}));
    if (is_commit(fetch.ref) && commit != fetch.ref)
      return fail(ErrorCode::not_found, "E_FETCH", fetch.url + " gave another commit than asked");
    SIGIL_CHECK(git.run({"checkout", "--quiet", "--detach", commit}));
    return commit;
  }();
  if (const auto excess = watch.excess()) return fail(*excess);
  if (!fetched) return fetched;
  std::filesystem::remove_all(fetch.target + "/.git", error);
  SIGIL_CHECK(check_tree_size(fetch.target, limits));
  return fetched;
}

}  // namespace sigil::builder
