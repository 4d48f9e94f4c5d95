#include "builder/scan/code/known.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace sigil::scan {
namespace {

using enum Danger;

constexpr std::array kSinks = {
    // JavaScript: processes
    SinkSpec{"child_process.exec", shell},
    SinkSpec{"child_process.execSync", shell},
    SinkSpec{"child_process.spawn", program},
    SinkSpec{"child_process.spawnSync", program},
    SinkSpec{"child_process.execFile", program},
    SinkSpec{"child_process.execFileSync", program},
    SinkSpec{"child_process.fork", program},
    SinkSpec{"cross-spawn", program},
    SinkSpec{"cross-spawn.sync", program},
    SinkSpec{"cross-spawn.spawn", program},
    SinkSpec{"execa", program},
    SinkSpec{"execa.execa", program},
    SinkSpec{"execa.execaSync", program},
    SinkSpec{"execa.command", shell},
    SinkSpec{"execa.execaCommand", shell},
    SinkSpec{"execa.execaCommandSync", shell},
    SinkSpec{"execa.commandSync", shell},
    SinkSpec{"shelljs.exec", shell},
    SinkSpec{"zx.$", shell},
    SinkSpec{"Bun.spawn", program_list},
    SinkSpec{"Bun.spawnSync", program_list},
    SinkSpec{"node-pty.spawn", program},
    SinkSpec{"Deno.Command", program},
    SinkSpec{"ssh2.Client().exec", shell},
    SinkSpec{"node-ssh.NodeSSH().execCommand", shell},
    SinkSpec{"child-process-promise.exec", shell},
    SinkSpec{"StdioClientTransport", transport},
    SinkSpec{"sudo-prompt.exec", shell},
    SinkSpec{"node-cmd.run", shell},
    SinkSpec{"node-cmd.runSync", shell},
    SinkSpec{"@modelcontextprotocol/sdk/client/stdio.js.StdioClientTransport", transport},
    // Python: processes
    SinkSpec{"os.system", shell, 0, "command"},
    SinkSpec{"os.popen", shell, 0, "cmd"},
    SinkSpec{"subprocess.getoutput", shell, 0, "cmd"},
    SinkSpec{"subprocess.getstatusoutput", shell, 0, "cmd"},
    SinkSpec{"asyncio.create_subprocess_shell", shell, 0, "cmd"},
    SinkSpec{"asyncio.subprocess.create_subprocess_shell", shell, 0, "cmd"},
    SinkSpec{"asyncio.create_subprocess_exec", program, 0, "program"},
    SinkSpec{"asyncio.subprocess.create_subprocess_exec", program, 0, "program"},
    SinkSpec{"anyio.run_process", program_list, 0, "command"},
    SinkSpec{"anyio.open_process", program_list, 0, "command"},
    SinkSpec{"trio.run_process", program_list, 0, "command"},
    SinkSpec{"subprocess.run", program_list, 0, "args"},
    SinkSpec{"subprocess.call", program_list, 0, "args"},
    SinkSpec{"subprocess.check_call", program_list, 0, "args"},
    SinkSpec{"subprocess.check_output", program_list, 0, "args"},
    SinkSpec{"subprocess.Popen", program_list, 0, "args"},
    SinkSpec{"pexpect.spawn", shell, 0, "command"},
    SinkSpec{"pexpect.run", shell, 0, "command"},
    SinkSpec{"invoke.run", shell},
    SinkSpec{"commands.getoutput", shell},
    SinkSpec{"fabric.Connection().run", shell},
    SinkSpec{"fabric.Connection().sudo", shell},
    SinkSpec{"mcp.StdioServerParameters", transport},
    SinkSpec{"mcp.client.stdio.StdioServerParameters", transport},
    SinkSpec{"os.execl", program},
    SinkSpec{"os.execv", program},
    SinkSpec{"os.execvp", program},
    SinkSpec{"os.execlp", program},
    SinkSpec{"os.spawnl", program, 1},
    SinkSpec{"os.spawnv", program, 1},
    SinkSpec{"os.startfile", program},
    SinkSpec{"os.posix_spawn", program},
    SinkSpec{"pty.spawn", program_list},
    // Go: processes
    SinkSpec{"os/exec.Command", program},
    SinkSpec{"os/exec.CommandContext", program, 1},
    SinkSpec{"syscall.Exec", program},
    SinkSpec{"os.StartProcess", program},
    // JavaScript: files
    SinkSpec{"fs.readFile", path},
    SinkSpec{"fs.readFileSync", path},
    SinkSpec{"fs.writeFile", path},
    SinkSpec{"fs.writeFileSync", path},
    SinkSpec{"fs.appendFile", path},
    SinkSpec{"fs.appendFileSync", path},
    SinkSpec{"fs.createReadStream", path},
    SinkSpec{"fs.createWriteStream", path},
    SinkSpec{"fs.unlink", path},
    SinkSpec{"fs.unlinkSync", path},
    SinkSpec{"fs.rm", path},
    SinkSpec{"fs.rmSync", path},
    SinkSpec{"fs.rmdir", path},
    SinkSpec{"fs.rmdirSync", path},
    SinkSpec{"fs.readdir", path},
    SinkSpec{"fs.readdirSync", path},
    SinkSpec{"fs.opendir", path},
    SinkSpec{"fs.mkdir", path},
    SinkSpec{"fs.mkdirSync", path},
    SinkSpec{"fs.open", path},
    SinkSpec{"fs.openSync", path},
    SinkSpec{"fs.copyFile", path},
    SinkSpec{"fs.copyFile", path, 1},
    SinkSpec{"fs.copyFileSync", path},
    SinkSpec{"fs.copyFileSync", path, 1},
    SinkSpec{"fs.rename", path},
    SinkSpec{"fs.rename", path, 1},
    SinkSpec{"fs.renameSync", path},
    SinkSpec{"fs.renameSync", path, 1},
    SinkSpec{"fs.cp", path},
    SinkSpec{"fs.cp", path, 1},
    SinkSpec{"fs.cpSync", path},
    SinkSpec{"fs.cpSync", path, 1},
    SinkSpec{"fs.symlink", path, 1},
    SinkSpec{"fs.chmod", path},
    SinkSpec{"fs.truncate", path},
    SinkSpec{"fs.readJson", path},
    SinkSpec{"fs.readJSON", path},
    SinkSpec{"fs.readJsonSync", path},
    SinkSpec{"fs.writeJson", path},
    SinkSpec{"fs.outputFile", path},
    SinkSpec{"fs.outputFileSync", path},
    SinkSpec{"fs.outputJson", path},
    SinkSpec{"fs.ensureDir", path},
    SinkSpec{"fs.ensureDirSync", path},
    SinkSpec{"fs.remove", path},
    SinkSpec{"fs.removeSync", path},
    SinkSpec{"fs.move", path},
    SinkSpec{"fs.copy", path},
    SinkSpec{"fs.copy", path, 1},
    SinkSpec{"fs.emptyDir", path},
    SinkSpec{"Bun.file", path},
    SinkSpec{"Bun.write", path},
    SinkSpec{"Deno.readTextFile", path},
    SinkSpec{"Deno.readFile", path},
    SinkSpec{"Deno.writeTextFile", path},
    SinkSpec{"Deno.writeFile", path},
    SinkSpec{"Deno.readDir", path},
    SinkSpec{"Deno.remove", path},
    SinkSpec{"Deno.open", path},
    SinkSpec{"exceljs.Workbook().xlsx.readFile", path},
    SinkSpec{"exceljs.Workbook().xlsx.writeFile", path},
    SinkSpec{"xlsx.readFile", path},
    SinkSpec{"xlsx.writeFile", path, 1},
    SinkSpec{"write-file-atomic", path},
    // Python: files
    SinkSpec{"open", path, 0, "file"},
    SinkSpec{"io.open", path, 0, "file"},
    SinkSpec{"os.open", path, 0, "path"},
    SinkSpec{"os.remove", path, 0, "path"},
    SinkSpec{"os.unlink", path, 0, "path"},
    SinkSpec{"os.rmdir", path, 0, "path"},
    SinkSpec{"os.listdir", path, 0, "path"},
    SinkSpec{"os.scandir", path, 0, "path"},
    SinkSpec{"os.makedirs", path, 0, "name"},
    SinkSpec{"os.mkdir", path, 0, "path"},
    SinkSpec{"os.walk", path, 0, "top"},
    SinkSpec{"os.rename", path, 0, "src"},
    SinkSpec{"os.rename", path, 1, "dst"},
    SinkSpec{"os.replace", path, 0, "src"},
    SinkSpec{"os.replace", path, 1, "dst"},
    SinkSpec{"shutil.copy", path, 0, "src"},
    SinkSpec{"shutil.copy", path, 1, "dst"},
    SinkSpec{"shutil.copy2", path},
    SinkSpec{"shutil.copy2", path, 1},
    SinkSpec{"shutil.copyfile", path},
    SinkSpec{"shutil.copyfile", path, 1},
    SinkSpec{"shutil.copytree", path},
    SinkSpec{"shutil.copytree", path, 1},
    SinkSpec{"shutil.move", path},
    SinkSpec{"shutil.move", path, 1},
    SinkSpec{"shutil.rmtree", path, 0, "path"},
    SinkSpec{"shutil.unpack_archive", path, 1, "extract_dir"},
    SinkSpec{"aiofiles.open", path, 0, "file"},
    SinkSpec{"anyio.open_file", path},
    SinkSpec{"glob.glob", path},
    SinkSpec{"glob.iglob", path},
    SinkSpec{"codecs.open", path},
    SinkSpec{"flask.send_file", path},
    SinkSpec{"fastapi.responses.FileResponse", path, 0, "path"},
    SinkSpec{"starlette.responses.FileResponse", path, 0, "path"},
    SinkSpec{"git.Repo", path},
    SinkSpec{"git.Repo.init", path},
    SinkSpec{"git.Repo.clone_from", path, 1, "to_path"},
    SinkSpec{"pandas.read_csv", path},
    SinkSpec{"pandas.read_excel", path},
    SinkSpec{"pandas.read_parquet", path},
    SinkSpec{"pandas.read_json", path},
    SinkSpec{"PIL.Image.open", path},
    SinkSpec{"openpyxl.load_workbook", path, 0, "filename"},
    SinkSpec{"docx.Document", path},
    SinkSpec{"pptx.Presentation", path},
    SinkSpec{"fitz.open", path},
    SinkSpec{"pymupdf.open", path},
    SinkSpec{"pypdf.PdfReader", path},
    SinkSpec{"PyPDF2.PdfReader", path},
    SinkSpec{"pdfplumber.open", path},
    SinkSpec{"sqlite3.connect", path, 0, "database"},
    // Go: files
    SinkSpec{"os.Open", path},
    SinkSpec{"os.OpenFile", path},
    SinkSpec{"os.ReadFile", path},
    SinkSpec{"os.WriteFile", path},
    SinkSpec{"os.Create", path},
    SinkSpec{"os.Remove", path},
    SinkSpec{"os.RemoveAll", path},
    SinkSpec{"os.Mkdir", path},
    SinkSpec{"os.MkdirAll", path},
    SinkSpec{"os.ReadDir", path},
    SinkSpec{"os.Rename", path},
    SinkSpec{"os.Rename", path, 1},
    SinkSpec{"io/ioutil.ReadFile", path},
    SinkSpec{"io/ioutil.WriteFile", path},
    SinkSpec{"io/ioutil.ReadDir", path},
    SinkSpec{"path/filepath.Walk", path},
    SinkSpec{"path/filepath.WalkDir", path},
    SinkSpec{"net/http.ServeFile", path, 2},
    // Code
    SinkSpec{"eval", code},
    SinkSpec{"exec", code},
    SinkSpec{"compile", code},
    SinkSpec{"builtins.eval", code},
    SinkSpec{"builtins.exec", code},
    SinkSpec{"Function", code, -1},
    SinkSpec{"AsyncFunction", code, -1},
    SinkSpec{"globalThis.eval", code},
    SinkSpec{"global.eval", code},
    SinkSpec{"vm.runInNewContext", code},
    SinkSpec{"vm.runInContext", code},
    SinkSpec{"vm.runInThisContext", code},
    SinkSpec{"vm.Script", code},
    SinkSpec{"vm.compileFunction", code},
    SinkSpec{"vm.SourceTextModule", code},
    SinkSpec{"vm2.VM().run", code},
    SinkSpec{"vm2.NodeVM().run", code},
    SinkSpec{"code.InteractiveInterpreter().runsource", code},
    SinkSpec{"code.InteractiveConsole().push", code},
    SinkSpec{"runpy.run_path", code},
    SinkSpec{"pandas.eval", code},
    SinkSpec{"numexpr.evaluate", code},
    SinkSpec{"import", code_module},
    SinkSpec{"__import__", code_module},
    SinkSpec{"require", code_module},
    SinkSpec{"importlib.import_module", code_module},
    SinkSpec{"jinja2.Template", code_template},
    SinkSpec{"jinja2.Environment().from_string", code_template},
    SinkSpec{"mako.template.Template", code_template},
    SinkSpec{"flask.render_template_string", code_template},
    SinkSpec{"ejs.render", code_template},
    SinkSpec{"ejs.compile", code_template},
    SinkSpec{"pug.compile", code_template},
    SinkSpec{"pug.render", code_template},
    SinkSpec{"lodash.template", code_template},
    SinkSpec{"nunjucks.renderString", code_template},
    SinkSpec{"pickle.loads", deserialise},
    SinkSpec{"pickle.load", deserialise},
    SinkSpec{"cPickle.loads", deserialise},
    SinkSpec{"pickle.Unpickler", deserialise},
    SinkSpec{"cloudpickle.loads", deserialise},
    SinkSpec{"cloudpickle.load", deserialise},
    SinkSpec{"dill.loads", deserialise},
    SinkSpec{"dill.load", deserialise},
    SinkSpec{"marshal.loads", deserialise},
    SinkSpec{"marshal.load", deserialise},
    SinkSpec{"shelve.open", deserialise},
    SinkSpec{"joblib.load", deserialise},
    SinkSpec{"jsonpickle.decode", deserialise},
    SinkSpec{"yaml.load", deserialise},
    SinkSpec{"yaml.load_all", deserialise},
    SinkSpec{"yaml.unsafe_load", deserialise},
    SinkSpec{"yaml.full_load", deserialise},
    SinkSpec{"torch.load", deserialise},
    SinkSpec{"node-serialize.unserialize", deserialise},
    SinkSpec{"serialize-to-js.deserialize", deserialise},
    SinkSpec{"funcster.deepDeserialize", deserialise},
    SinkSpec{"pandas.read_pickle", deserialise},
    // Browser, redirects, openers
    SinkSpec{"open", opener},
    SinkSpec{"open.default", opener},
    SinkSpec{"opn", opener},
    SinkSpec{"opener", opener},
    SinkSpec{"webbrowser.open", opener},
    SinkSpec{"webbrowser.open_new_tab", opener},
    SinkSpec{"webbrowser.open_new", opener},
    SinkSpec{"electron.shell.openExternal", opener},
    SinkSpec{"starlette.responses.RedirectResponse", redirect, 0, "url"},
    SinkSpec{"fastapi.responses.RedirectResponse", redirect, 0, "url"},
    SinkSpec{"flask.redirect", redirect},
    SinkSpec{"django.shortcuts.redirect", redirect},
    SinkSpec{"Response.redirect", redirect},
    SinkSpec{"net/http.Redirect", redirect, 2},
    // Logs
    SinkSpec{"console.log", log},
    SinkSpec{"console.error", log},
    SinkSpec{"console.info", log},
    SinkSpec{"console.warn", log},
    SinkSpec{"console.debug", log},
    SinkSpec{"print", log},
    SinkSpec{"process.stderr.write", log},
    SinkSpec{"process.stdout.write", log},
    SinkSpec{"log.Printf", log},
    SinkSpec{"log.Println", log},
    SinkSpec{"log.Print", log},
    SinkSpec{"fmt.Println", log},
    SinkSpec{"fmt.Printf", log},
    SinkSpec{"logging.info", log},
    SinkSpec{"logging.debug", log},
    SinkSpec{"logging.error", log},
    SinkSpec{"logging.warning", log},
    SinkSpec{"sys.stderr.write", log},
    SinkSpec{"log.Fatalf", log},
};

constexpr std::array kMethodSinks = {
    SinkSpec{"exec_command", shell, 0, "command"},
    SinkSpec{"execCommand", shell},
    SinkSpec{"sendFile", path},
    SinkSpec{"extractall", path, 0, "path"},
    SinkSpec{"extractAllTo", path},
    SinkSpec{"goto", url, 0, "url"},
    SinkSpec{"redirect", redirect, 0, "url"},
    SinkSpec{"execute", sql, 0, "sql"},
    SinkSpec{"executemany", sql},
    SinkSpec{"executescript", sql},
    SinkSpec{"query", sql, 0, "sql"},
    SinkSpec{"raw", sql},
    SinkSpec{"prepare", sql},
    SinkSpec{"$queryRawUnsafe", sql},
    SinkSpec{"$executeRawUnsafe", sql},
    SinkSpec{"exec", sql},
    SinkSpec{"all", sql},
    SinkSpec{"run", sql},
    SinkSpec{"fetch", sql},
    SinkSpec{"fetchrow", sql},
    SinkSpec{"fetchval", sql},
    SinkSpec{"fetchall", sql},
    SinkSpec{"unsafe", sql},
    SinkSpec{"each", sql},
    SinkSpec{"get", sql},
    SinkSpec{"exec_driver_sql", sql},
    SinkSpec{"read_sql", sql},
    SinkSpec{"read_sql_query", sql},
    SinkSpec{"sql", sql},
    SinkSpec{"Query", sql},
    SinkSpec{"QueryRow", sql},
    SinkSpec{"Exec", sql},
    SinkSpec{"Raw", sql},
    SinkSpec{"Prepare", sql},
    SinkSpec{"QueryContext", sql, 1},
    SinkSpec{"QueryRowContext", sql, 1},
    SinkSpec{"ExecContext", sql, 1},
    SinkSpec{"createQueryJob", sql},
    SinkSpec{"execute_query", sql},
    SinkSpec{"executeQuery", sql},
    SinkSpec{"from_string", code_template},
    SinkSpec{"openExternal", opener},
    SinkSpec{"info", log},
    SinkSpec{"debug", log},
    SinkSpec{"error", log},
    SinkSpec{"warn", log},
    SinkSpec{"warning", log},
    SinkSpec{"trace", log},
    SinkSpec{"Infof", log},
    SinkSpec{"Debugf", log},
    SinkSpec{"Errorf", log},
    SinkSpec{"Info", log},
    SinkSpec{"Debug", log},
};

constexpr std::uint32_t kEncoded = kPath | kUrl | kRedirect | kCommand | kSql;
constexpr std::array kCleaners = {
    CleanerSpec{"path.basename", kPath},
    CleanerSpec{"os.path.basename", kPath},
    CleanerSpec{"path/filepath.Base", kPath},
    CleanerSpec{"path.Base", kPath},
    CleanerSpec{"ntpath.basename", kPath},
    CleanerSpec{"sanitize-filename", kPath},
    CleanerSpec{"werkzeug.utils.secure_filename", kPath},
    CleanerSpec{"slugify", kPath | kCommand},
    CleanerSpec{"slugify.slugify", kPath | kCommand},
    CleanerSpec{"python_slugify.slugify", kPath | kCommand},
    CleanerSpec{"encodeURIComponent", kEncoded},
    CleanerSpec{"urllib.parse.quote_plus", kEncoded},
    CleanerSpec{"urllib.parse.urlencode", kEncoded},
    CleanerSpec{"urllib.parse.quote", kUrl | kRedirect},
    CleanerSpec{"net/url.PathEscape", kEncoded},
    CleanerSpec{"net/url.QueryEscape", kEncoded},
    CleanerSpec{"querystring.stringify", kEncoded},
    CleanerSpec{"URLSearchParams", kUrl | kRedirect | kPath},
    CleanerSpec{"shlex.quote", kCommand},
    CleanerSpec{"shlex.join", kCommand},
    CleanerSpec{"pipes.quote", kCommand},
    CleanerSpec{"shell-quote.quote", kCommand},
    CleanerSpec{"shell-escape", kCommand},
    CleanerSpec{"shescape", kCommand},
    CleanerSpec{"any-shell-escape", kCommand},
    CleanerSpec{"puka.sh", kCommand},
    CleanerSpec{"mysql.escape", kSql},
    CleanerSpec{"mysql2.escape", kSql},
    CleanerSpec{"sqlstring.escape", kSql},
    CleanerSpec{"pg-format", kSql},
    CleanerSpec{"sqlstring.escapeId", kSql},
    CleanerSpec{"psycopg2.sql.Identifier", kSql},
    CleanerSpec{"psycopg.sql.Identifier", kSql},
    CleanerSpec{"ast.literal_eval", kCode},
    CleanerSpec{"parseInt", kAnything, true},
    CleanerSpec{"parseFloat", kAnything, true},
    CleanerSpec{"Number", kAnything, true},
    CleanerSpec{"Number.parseInt", kAnything, true},
    CleanerSpec{"Number.parseFloat", kAnything, true},
    CleanerSpec{"Boolean", kAnything, true},
    CleanerSpec{"BigInt", kAnything, true},
    CleanerSpec{"int", kAnything, true},
    CleanerSpec{"float", kAnything, true},
    CleanerSpec{"bool", kAnything, true},
    CleanerSpec{"len", kAnything, true},
    CleanerSpec{"uuid.UUID", kAnything, true},
    CleanerSpec{"ipaddress.ip_address", kAnything & ~kUrl, true},
    CleanerSpec{"datetime.datetime.strptime", kAnything, true},
    CleanerSpec{"datetime.datetime.fromisoformat", kAnything, true},
    CleanerSpec{"Date", kAnything, true},
    CleanerSpec{"strconv.Atoi", kAnything, true},
    CleanerSpec{"strconv.ParseInt", kAnything, true},
    CleanerSpec{"strconv.ParseFloat", kAnything, true},
    CleanerSpec{"strconv.ParseBool", kAnything, true},
    CleanerSpec{"strconv.Itoa", kAnything, true},
    CleanerSpec{"Object.keys", kUrl},
    CleanerSpec{"isinstance", kAnything, true},
    CleanerSpec{"hashlib.md5", kAnything, true},
    CleanerSpec{"hashlib.sha1", kAnything, true},
    CleanerSpec{"hashlib.sha256", kAnything, true},
    CleanerSpec{"crypto/sha256.Sum256", kAnything, true},
    CleanerSpec{"base64.b64encode", kPath | kUrl | kCommand | kSql},
    CleanerSpec{"btoa", kPath | kUrl | kCommand | kSql},
};
constexpr std::array kMethodCleaners = {
    CleanerSpec{"digest", kAnything, true},
    CleanerSpec{"hexdigest", kAnything, true},
    CleanerSpec{"toFixed", kAnything, true},
    CleanerSpec{"getTime", kAnything, true},
    CleanerSpec{"indexOf", kAnything, true},
    CleanerSpec{"isoformat", kAnything, true},
    CleanerSpec{"toISOString", kAnything, true},
    CleanerSpec{"escapeId", kSql},
    CleanerSpec{"quote_ident", kSql},
    CleanerSpec{"isdigit", kAnything, true},
    CleanerSpec{"count", kAnything, true},
    CleanerSpec{"GetInt", kAnything, true},
    CleanerSpec{"GetFloat", kAnything, true},
    CleanerSpec{"GetBool", kAnything, true},
    CleanerSpec{"RequireInt", kAnything, true},
    CleanerSpec{"RequireFloat", kAnything, true},
    CleanerSpec{"escape", kSql},
    CleanerSpec{"escapeLiteral", kSql},
    CleanerSpec{"escapeIdentifier", kSql},
    CleanerSpec{"format_query_value", kSql},
    CleanerSpec{"quote_identifier", kSql},
    CleanerSpec{"escape_identifier", kSql},
    CleanerSpec{"quoteIdentifier", kSql},
    CleanerSpec{"quoteIdent", kSql},
    CleanerSpec{"Identifier", kSql},
    CleanerSpec{"quote_name", kSql},
    CleanerSpec{"quote_literal", kSql},
};

bool in(std::string_view text, const std::unordered_set<std::string_view>& set) {
  return set.contains(text);
}

const std::unordered_set<std::string_view> kHttpRoots = {"axios",
                                                         "got",
                                                         "ky",
                                                         "superagent",
                                                         "needle",
                                                         "undici",
                                                         "request",
                                                         "request-promise",
                                                         "requests",
                                                         "httpx",
                                                         "aiohttp",
                                                         "urllib.request",
                                                         "urllib3",
                                                         "http",
                                                         "https",
                                                         "net/http",
                                                         "fetch",
                                                         "ofetch",
                                                         "phin",
                                                         "bent",
                                                         "node-fetch-native",
                                                         "globalThis.fetch",
                                                         "window.fetch",
                                                         "curl_cffi.requests",
                                                         "cloudscraper",
                                                         "requests_html",
                                                         "urllib",
                                                         "github.com/go-resty/resty/v2",
                                                         "httplib2",
                                                         "wretch",
                                                         "follow-redirects",
                                                         "self.fetch",
                                                         "niquests",
                                                         "EventSource",
                                                         "WebSocket",
                                                         "ws",
                                                         "websockets",
                                                         "eventsource",
                                                         "primp",
                                                         "tls_client"};
const std::unordered_set<std::string_view> kHttpVerbs = {
    "get",           "post",    "put",        "patch",
    "delete",        "head",    "request",    "fetch",
    "stream",        "options", "Get",        "Post",
    "PostForm",      "Head",    "NewRequest", "NewRequestWithContext",
    "urlopen",       "Request", "send",       "Do",
    "urlretrieve",   "default", "Put",        "Delete",
    "Patch",         "$fetch",  "connect",    "ws_connect",
    "build_request", "del",     "Execute",    "FancyURLopener",
    "stream_get"};
const std::unordered_set<std::string_view> kHttpMakers = {"create",         "extend",
                                                          "Client",         "AsyncClient",
                                                          "ClientSession",  "Session",
                                                          "session",        "defaults",
                                                          "instance",       "Agent",
                                                          "PoolManager",    "New",
                                                          "NewClient",      "R",
                                                          "HTTPTransport",  "AsyncHTTPTransport",
                                                          "create_scraper", "AsyncSession",
                                                          "HTTPSession"};

}  // namespace

Known::Known(Names& names) {
  for (const SinkSpec& spec : kSinks) by_path_[names.id(spec.path)].push_back(&spec);
  for (const SinkSpec& spec : kMethodSinks) by_method_[names.id(spec.path)].push_back(&spec);
  for (const CleanerSpec& spec : kCleaners) cleaners_[names.id(spec.path)] = &spec;
  for (const CleanerSpec& spec : kMethodCleaners) method_cleaners_[names.id(spec.path)] = &spec;
}

const std::vector<const SinkSpec*>* Known::sinks_of(NameId path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : &found->second;
}

const std::vector<const SinkSpec*>* Known::method_sinks(NameId method) const {
  const auto found = by_method_.find(method);
  return found == by_method_.end() ? nullptr : &found->second;
}

const CleanerSpec* Known::cleaner_of(NameId path) const {
  const auto found = cleaners_.find(path);
  return found == cleaners_.end() ? nullptr : found->second;
}

const CleanerSpec* Known::method_cleaner(NameId method) const {
  const auto found = method_cleaners_.find(method);
  return found == method_cleaners_.end() ? nullptr : found->second;
}

HttpCall http_call(std::string_view path) {
  HttpCall out;
  // The longest known root decides; what follows are made clients and a verb at the end.
  std::string_view root = path;
  for (;;) {
    if (in(root, kHttpRoots)) break;
    const auto dot = root.find_last_of(".(");
    if (dot == std::string_view::npos) return out;
    root = root.substr(0, dot);
  }
  if (root == path) {
    out.is_http = path != "http" && path != "https" && path != "net/http" && path != "urllib" &&
                  path != "requests" && path != "httpx" && path != "aiohttp" && path != "ws" &&
                  path != "urllib.request";
    return out;
  }
  const auto dot = path.rfind('.');
  const std::string_view verb =
      dot == std::string_view::npos || dot < root.size() ? "" : path.substr(dot + 1);
  if (in(verb, kHttpMakers)) {
    out.makes_client = true;
    return out;
  }
  // A call of what `axios.create()` gave, or `new undici.Request`.
  const bool calls_made = path.ends_with("()") && path.find('(') == path.size() - 2;
  if (!in(verb, kHttpVerbs) && !calls_made) return out;
  if (verb.empty() && !calls_made) return out;
  out.is_http = true;
  const bool is_python = root == "requests" || root == "httpx" || root == "aiohttp" ||
                         root == "urllib3" || root == "niquests" || root == "curl_cffi.requests";
  if (verb == "NewRequest" || (is_python && (verb == "request" || verb == "stream" ||
                                             verb == "build_request" || verb == "Request"))) {
    out.url_argument = 1;
  }
  if (verb == "NewRequestWithContext") out.url_argument = 2;
  if (verb == "Do" || verb == "send") out.url_argument = -1;  // the request was made before
  return out;
}

bool is_weak_random(std::string_view path) {
  static const std::unordered_set<std::string_view> set = {"Math.random",
                                                           "Date.now",
                                                           "performance.now",
                                                           "time.time",
                                                           "time.time_ns",
                                                           "time.monotonic",
                                                           "time.perf_counter",
                                                           "random.random",
                                                           "random.randint",
                                                           "random.choice",
                                                           "random.choices",
                                                           "random.getrandbits",
                                                           "random.randrange",
                                                           "random.sample",
                                                           "random.uniform",
                                                           "uuid.uuid1",
                                                           "uuid.v1",
                                                           "process.hrtime",
                                                           "process.hrtime.bigint",
                                                           "id",
                                                           "os.getpid",

                                                           "itertools.count",
                                                           "itertools.count().__next__",
                                                           "time.Now",
                                                           "math/rand.Int",
                                                           "math/rand.Intn",
                                                           "math/rand.Int63",
                                                           "math/rand.Int31n",
                                                           "math/rand.Uint32",
                                                           "math/rand.Uint64",
                                                           "math/rand.Float64",
                                                           "math/rand.Int63n",
                                                           "math/rand.Read",
                                                           "math/rand/v2.Int",
                                                           "math/rand/v2.IntN",
                                                           "math/rand/v2.Uint64",
                                                           "process.uptime",
                                                           "lodash.uniqueId",
                                                           "lodash.random",
                                                           "uuid.uuid3"};
  return in(path, set);
}

bool is_strong_random(std::string_view path) {
  static const std::unordered_set<std::string_view> set = {"uuid.uuid4",
                                                           "uuid.v4",
                                                           "uuid.v7",
                                                           "uuid",
                                                           "nanoid",
                                                           "nanoid.nanoid",
                                                           "os.urandom",
                                                           "ulid",
                                                           "crypto/rand.Read",
                                                           "crypto/rand.Int",
                                                           "crypto/rand.Text",
                                                           "github.com/google/uuid.New",
                                                           "github.com/google/uuid.NewString",
                                                           "github.com/google/uuid.NewRandom",
                                                           "cuid",
                                                           "@paralleldrive/cuid2.createId",
                                                           "random.SystemRandom()",
                                                           "ulid.ulid"};
  if (in(path, set) || path.starts_with("secrets.") || path.starts_with("random.SystemRandom()"))
    return true;
  return path.ends_with("randomUUID") || path.ends_with("randomBytes") ||
         path.ends_with("getRandomValues") || path.ends_with("randomInt") ||
         path.ends_with("random_uuid");
}

bool keeps_text(std::string_view method) {
  static const std::unordered_set<std::string_view> set = {
      "trim",       "strip",      "lstrip",     "rstrip",      "trimStart",    "trimEnd",
      "slice",      "substring",  "substr",     "replace",     "replaceAll",   "toString",
      "concat",     "join",       "split",      "toLowerCase", "toUpperCase",  "lower",
      "upper",      "format",     "encode",     "decode",      "stringify",    "dumps",
      "String",     "str",        "Buffer",     "from",        "repr",         "Sprintf",
      "TrimPrefix", "TrimSuffix", "TrimSpace",  "Trim",        "removeprefix", "removesuffix",
      "b64encode",  "b64decode",  "btoa",       "atob",        "padStart",     "padEnd",
      "valueOf",    "at",         "shift",      "pop",         "get",          "Get",
      "set",        "Set",        "header",     "fromEntries", "entries",      "assign",
      "dict",       "copy",       "Headers",    "parse",       "loads",        "find",
      "filter",     "map",        "match",      "Replace",     "ReplaceAll",   "Split",
      "Fields",     "Join",       "list",       "items",       "values",       "keys",
      "toJSON",     "text",       "partition",  "rsplit",      "normalize",    "Errorf",
      "Error",      "join",       "model_dump", "then",        "resolve",      "all",
      "push",       "append",     "update",     "extract",     "CutPrefix",    "Cut",
      "Clone",      "exec"};
  return in(method, set);
}

bool is_generic_method(std::string_view name) {
  static const std::unordered_set<std::string_view> set = {
      "get",        "set",      "run",      "parse",     "log",     "call",     "apply",
      "bind",       "map",      "filter",   "then",      "catch",   "push",     "pop",
      "add",        "delete",   "has",      "find",      "forEach", "join",     "split",
      "replace",    "test",     "match",    "exec",      "query",   "execute",  "send",
      "write",      "read",     "open",     "close",     "on",      "once",     "emit",
      "connect",    "start",    "stop",     "init",      "create",  "update",   "list",
      "append",     "extend",   "items",    "keys",      "values",  "format",   "strip",
      "encode",     "decode",   "load",     "loads",     "dump",    "dumps",    "tool",
      "use",        "post",     "put",      "patch",     "request", "error",    "info",
      "debug",      "warn",     "toString", "stringify", "slice",   "concat",   "includes",
      "startsWith", "endsWith", "trim",     "json",      "text",    "status",   "end",
      "all",        "sort",     "reduce",   "copy",      "next",    "resolve",  "reject",
      "search",     "fetch",    "save",     "remove",    "clear",   "handle",   "String",
      "Error",      "Close",    "Get",      "Set",       "Run",     "Do",       "New",
      "Write",      "Read",     "Add",      "Send",      "Start",   "Stop",     "main",
      "validate",   "connect",  "process",  "render",    "build",   "register", "listen",
      "some",       "every",    "insert",   "download",  "upload"};
  return in(name, set);
}

bool is_shell_program(std::string_view program) {
  const auto slash = program.find_last_of("/\\");
  const std::string_view base =
      slash == std::string_view::npos ? program : program.substr(slash + 1);
  static const std::unordered_set<std::string_view> set = {
      "sh",         "bash",           "zsh",  "dash",      "ksh", "ash", "cmd", "cmd.exe",
      "powershell", "powershell.exe", "pwsh", "osascript", "ssh", "adb"};
  return in(base, set);
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return contains(text, part); });
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

bool is_secret_name(std::string_view name) {
  const std::string low = lowered(name);
  if (contains_any(low,
                   {"public",   "url",       "path",   "file",    "_id",    "max_token", "maxtoken",
                    "tokens",   "tokenizer", "expir",  "timeout", "length", "count",     "limit",
                    "keyboard", "endpoint",  "header", "type",    "prefix", "name"})) {
    return false;
  }
  return contains_any(
             low, {"token", "secret", "password", "passwd", "api_key", "apikey", "private_key",
                   "privatekey", "access_key", "accesskey", "auth_key", "credential", "_pat"}) ||
         low == "pat" || low.ends_with("_key");
}

}  // namespace sigil::scan
