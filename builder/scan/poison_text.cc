// POIS-001: the signals of text that commands a model, each with its weight.
#include <re2/re2.h>

#include <algorithm>
#include <memory>

#include "base/result.h"
#include "builder/scan/metadata_text.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

struct Signal {
  int weight;
  bool is_negatable;  // "never send secrets" is advice, not an order
  const char* sentence;
  const char* pattern;
};

constexpr std::size_t kTextBytesMax = 64 * 1024;

constexpr Signal kSignals[] =
    {
        {2, false, "hides orders in markup",
         R"((?s)(?:<\s*(?:important|system|secret|hidden|instructions?|admin|assistant|critical|override|system[_-]?(?:prompt|message|note)|note[_ -]?to[_ -]?(?:ai|model|llm))\b[^>]{0,80}>|\[(?:system|hidden|important instructions?|inst)\]|<!--|<<\s*sys\s*>>).{0,400}\b(?:must|always|never|read|send|call|ignore|do not|don't|before|pass|include|first|fetch|use)\b)"},
        {2, false, "asks to keep things from the user",
         R"(\b(?:do not|don't|never|must not|should not|without|avoid)\s+(?:ever\s+)?(?:tell(?:ing)?|inform(?:ing)?|notify(?:ing)?|alert(?:ing)?|warn(?:ing)?|mention(?:ing)?\s+(?:this|it|that|any of (?:this|it))(?:\s+step)?\s+to|reveal(?:ing)?\s+(?:this|it|that)[a-z ]{0,20}\s+to|disclos(?:e|ing)\s+(?:this|it|that)[a-z ]{0,20}\s+to|show(?:ing)?\s+(?:this|it)\s+to|letting|let)\s+(?:the\s+|your\s+|any\s+)?(?:end[- ])?(?:users?|humans?|customers?|anyone|person|operator)\b)"},
        {2, false, "asks to keep things from the user",
         R"(\b(?:do not|don't|never)\s+(?:mention|reveal|disclose|tell|show|display|explain|report)\s+(?:about\s+)?(?:this|these|any of this|that you)\b[^.]{0,40}\b(?:instruction|step|parameter|note|user|action|behavio|fact|did|are doing|read|were)|\b(?:keep|hide)\s+(?:this|it|these)[^.]{0,30}(?:secret|hidden|from the (?:user|human))|\bwithout the user(?:'s)?\s+(?:knowing|knowledge|noticing|awareness|being aware|consent)|\bthe user (?:must|should|does|need|will) ?(?:not|n't) (?:know|see|be (?:told|aware|informed|notified))|\bkeep (?:the )?users? unaware)"},
        {2, false, "asks to keep things from the user",
         R"(\b(?:secretly|covertly|surreptitiously|discreetly)\b)"},
        {2, true,
         "asks to read credentials or configuration", R"(\b(?:read|open|load|cat|get|fetch|include|access|copy|contents? of|retrieve|send|upload|attach|look (?:at|in)|check|use)\b[^.]{0,80}(?:~/\.|/home/|\$home/)?(?:\.ssh\b|id_rsa|id_ed25519|\.aws\b|/etc/passwd|/etc/shadow|\.npmrc|\.git-credentials|\.netrc|\.cursor/|\.kube/config|claude_desktop_config|mcp\.json|\.bash_history|keychain|wallet\.dat|(?:ssh|private|secret)[- ]keys?\b|key file|password (?:file|store)))"},
        {2, true, "asks to read credentials or configuration",
         R"(\b(?:send|upload|attach|include|pass|copy|forward|exfiltrate)\b[^.]{0,60}(?:^|[\s/`'"])\.env\b)"},
        {2, true, "asks to pass files, history or prompts along",
         R"(\b(?:pass|put|include|send|provide|append|add|insert|place|attach|set|write|copy|paste|forward|fill)\b[^.]{0,80}\b(?:conversation|chat (?:history|log)|message history|chat|system prompt|(?:entire|full|whole|complete|previous|prior) (?:prompt|conversation|context|messages?)|previous messages|contents? of (?:any|all|every)[^.]{0,20}files?|(?:all|any|every) (?:environment variables?|env vars|api keys?|credentials?|secrets?|tokens?|passwords?))\b[^.]{0,60}\b(?:parameter|argument|field|sidenote|side note|`[a-z_]{2,30}`|'[a-z_]{2,30}'|as context to|in note)\b?)"},
        {2, true, "overrides earlier rules",
         R"(\b(?:ignore|disregard|forget|override|bypass|supersedes?|overrides)\b[^.]{0,30}\b(?:previous|prior|earlier|above|preceding|other|existing|system|your|all|any|safety)\b[^.]{0,30}\b(?:instructions?|rules?|prompts?|guidelines?|directives?|polic(?:y|ies)|restrictions|safeguards)|\byou are now (?:in )?(?:a |an |the )?(?:admin|root|developer mode|dan\b|unrestricted)|\bnew system prompt\b|\btakes? (?:precedence|priority) over (?:all|any|every|other|the system|previous))"},
        {1, true, "wants to be called before everything else",
         R"(\b(?:before (?:using|calling|invoking|running|executing|doing)\s+(?:any|every|all|anything)(?: of)?(?: the)?(?: other)?(?: tools?)?|(?:must|always|should)\s+(?:be\s+)?(?:called?|used?|invoked?|run|executed?)\s+(?:this (?:tool|function)\s+)?(?:first|before (?:any|every|all)\b))|\bcall this (?:tool )?(?:first|before (?:any|every|all)))"},
        {1,
         false, "speaks about other servers' tools", R"(\b(?:instead of|rather than|do not use|don't use|never use|replaces?|disable|when(?:ever)? (?:using|calling)|before (?:using|calling))\b[^.]{0,60}\b(?:(?:other|another|any other|the [a-z0-9_-]{2,30}) (?:mcp )?servers?(?:'s?)?\b|tools? (?:from|of) (?:other|another|any|the [a-z0-9_-]{2,30}) servers?|(?:any )?other tools?\b))"},
        {1, false, "threatens what happens otherwise",
         R"(\b(?:otherwise|or else|if (?:you|this|it)(?: (?:do not|don't|fail|skip|ignore|is|are|was)){1,2}[^.,]{0,40},?)[^.]{0,60}\b(?:will (?:fail|crash|break|not work|be (?:lost|deleted|terminated|locked|blocked|corrupted|penal)[a-z]*)|data (?:loss|will be)|corrupt|terminated|shut ?down|security breach|harm)\b)"},
};

bool is_negated(std::string_view text, std::size_t at) {
  const auto begin = at < 28 ? 0 : at - 28;
  auto before = text.substr(begin, at - begin);
  const auto sentence = before.find_last_of(".!?\n");
  if (sentence != std::string_view::npos) before = before.substr(sentence + 1);
  for (const auto* word : {"not ", "never ", "n't ", "avoid ", "without ", "cannot ", "no "})
    if (builder::contains(before, word)) return true;
  return false;
}

bool is_present(const RE2& pattern, std::string_view text, bool is_negatable) {
  std::size_t from = 0;
  while (from < text.size()) {
    re2::StringPiece match;
    const re2::StringPiece whole(text.data(), text.size());
    if (!pattern.Match(whole, from, text.size(), RE2::UNANCHORED, &match, 1)) return false;
    const auto at = static_cast<std::size_t>(match.data() - text.data());
    if (!is_negatable || !is_negated(text, at)) return true;
    from = at + std::max<std::size_t>(match.size(), 1);
  }
  return false;
}

// Line breaks inside a sentence must not hide it.
std::string flattened(std::string_view text) {
  std::string out;
  for (const char each : text.substr(0, kTextBytesMax)) {
    const bool is_space = each == '\n' || each == '\t' || each == '\r' || each == ' ';
    if (!is_space) {
      out += each;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return builder::lowered(out);
}

}  // namespace

PoisonVerdict judge_instructions(std::string_view text) {
  static const auto kPatterns = [] {
    std::vector<std::unique_ptr<RE2>> patterns;
    for (const auto& signal : kSignals) {
      patterns.push_back(std::make_unique<RE2>(signal.pattern));
      SIGIL_ASSERT(patterns.back()->ok());
    }
    return patterns;
  }();
  PoisonVerdict verdict;
  const auto flat = flattened(text);
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    const auto& signal = kSignals[i];
    // Two patterns of one signal count once.
    if (!verdict.signals.empty() && verdict.signals.back() == signal.sentence) continue;
    if (!is_present(*kPatterns[i], flat, signal.is_negatable)) continue;
    verdict.score += signal.weight;
    verdict.signals.emplace_back(signal.sentence);
  }
  return verdict;
}

}  // namespace sigil::scan
