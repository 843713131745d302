// Markdown as the server renders it: the twin of apps/core/markdown.py, which defines the grammar. A change here needs the same
// change there. Also: rendering an answer while it is written, and what of an answer is read aloud.

const texts = document.getElementById("texts")?.dataset ?? {};
const DEEPEST = 48;
const LONGEST_FORMULA = 2000;

// --- Formulas ---------------------------------------------------------------------------------------------------------------

const CLOSING = { "\\(": "\\)", "\\[": "\\]", $$: "$$" };
const SPACES = " \t\n\u00a0";
const SIGN = /[\\^_={}<>]/; // what a formula contains and prose around an amount of money does not
const TEX = /[\\^_{}]/;
const AMOUNT = /^[-+−]?[0-9.,]/;
const NAMES = /^[A-Za-zα-ωΑ-Ω]'*(?:[-+*/][A-Za-zα-ωΑ-Ω0-9]'*)*$/;
const NO_FORMULA = /^[ \t\n0-9xX,;–-]*$/; // \[1\], \[ \]: escaped brackets

function strip(text, signs = SPACES) {
  let [start, end] = [0, text.length];
  while (start < end && signs.includes(text[start])) start += 1;
  while (end > start && signs.includes(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

// Like Python's str.find with an end.
function find(text, what, from, end) {
  const at = text.indexOf(what, from);
  return at === -1 || at + what.length > end ? -1 : at;
}

// Where the formula that starts at `start` ends, before `end`; 0 if there is none.
function formulaEnd(text, start, end) {
  const opening = text.slice(start, start + 2);
  const closing = CLOSING[opening];
  if (!closing) return text[start] === "$" ? dollarsEnd(text, start, end) : 0;
  const close = find(text, closing, start + 2, Math.min(end, start + LONGEST_FORMULA));
  if (close === -1) return 0;
  const inner = text.slice(start + 2, close);
  const after = text[close + 2];
  if (!strip(inner)) return 0;
  if (opening === "\\[" && (NO_FORMULA.test(inner) || after === "(")) return 0;
  if (opening === "$$") {
    const spaced = inner !== strip(inner);
    if ([text[start - 1], inner[0], after].includes("$") || (spaced && !SIGN.test(inner))) return 0;
  }
  return close + 2;
}

function dollarsEnd(text, start, end) {
  const last = Math.min(end, start + LONGEST_FORMULA);
  let close = find(text, "$", start + 1, last);
  while (close !== -1 && text[close - 1] === "\\") close = find(text, "$", close + 1, last);
  if (close === -1) return 0;
  const inner = text.slice(start + 1, close);
  if (!inner || inner.includes("\n") || `${SPACES})].,;:!?/`.includes(inner[0]) || SPACES.includes(inner.at(-1))) return 0;
  if ([text[start - 1], text[close + 1]].some((beside) => beside && /[A-Za-z0-9$]/.test(beside))) return 0;
  if (AMOUNT.test(inner)) return TEX.test(inner) ? close + 1 : 0;
  return SIGN.test(inner) || NAMES.test(inner) ? close + 1 : 0;
}

function formula(state, silent) {
  if (!"\\$".includes(state.src[state.pos])) return false;
  const end = formulaEnd(state.src, state.pos, state.posMax);
  if (!end) return false;
  if (!silent) {
    const token = state.push("code_inline", "code", 0);
    token.content = state.src.slice(state.pos, end);
    token.attrSet("class", "formula");
  }
  state.pos = end;
  return true;
}

function formulaBlock(state, start, end, silent) {
  if (state.sCount[start] - state.blkIndent >= 4) return false;
  const first = state.bMarks[start] + state.tShift[start];
  const closing = { "\\[": "\\]", $$: "$$" }[state.src.slice(first, first + 2)];
  if (!closing) return false;
  const lineAt = (number) => state.src.slice(state.bMarks[number] + state.tShift[number], state.eMarks[number]);
  let line = start;
  const written = lineAt(start);
  if (strip(written.slice(2))) {
    const close = written.indexOf(closing, 2);
    if (close === -1 || strip(written.slice(close + 2), `${SPACES}.,;`) || !formulaEnd(`${written} `, 0, written.length)) return false;
  } else {
    // No later line may change how earlier ones are read, or an answer that is being written would jump.
    while (!(line > start && lineAt(line).includes(closing))) {
      if (line + 1 === end || state.isEmpty(line + 1) || state.sCount[line + 1] < state.blkIndent) break;
      line += 1;
    }
    if (line === start) return false;
  }
  if (silent) return true;
  state.line = line + 1;
  const token = state.push("fence", "code", 0);
  token.info = "latex";
  token.content = `${state.getLines(start, state.line, state.sCount[start], false)}\n`;
  token.map = [start, state.line];
  return true;
}

// --- The rest of the grammar --------------------------------------------------------------------------------------------------

function lineBreak(state, silent) {
  const found = /^<br[ \t]*\/?>/i.exec(state.src.slice(state.pos, Math.min(state.posMax, state.pos + 40)));
  if (!found) return false;
  if (!silent) state.push("hardbreak", "br", 0);
  state.pos += found[0].length;
  return true;
}

function tooDeep(state, start, end, silent) {
  if (state.level < DEEPEST || silent) return false;
  state.line = end;
  state.push("paragraph_open", "p", 1).map = [start, end];
  const token = state.push("inline", "", 0);
  token.content = strip(state.getLines(start, end, state.blkIndent, false));
  token.map = [start, end];
  token.children = [];
  state.push("paragraph_close", "p", -1);
  return true;
}

function trim(state) {
  // The two parsers disagree on what is not a space.
  for (const token of state.tokens) if (token.type === "inline") token.content = token.content.trim();
}

function runsRightToLeft(tokens, index) {
  for (; tokens[index].type !== "table_close"; index += 1) {
    const letter = tokens[index].type === "inline" && /\p{L}/u.exec(tokens[index].content);
    if (letter) return /^[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(letter[0]);
  }
  return false;
}

function shape(state) {
  const around = [""];
  state.tokens.forEach((token, index) => {
    if (token.nesting === -1) around.pop();
    if (token.type === "heading_open" || token.type === "heading_close") token.tag = `h${Math.min(Number(token.tag[1]) + 1, 6)}`;
    if (token.type === "fence" || token.type === "code_block") token.attrSet("dir", "ltr");
    else if (token.type === "table_open") {
      if (runsRightToLeft(state.tokens, index)) token.attrSet("dir", "rtl");
    } else if (token.type === "th_open" || token.type === "td_open") {
      const align = /^text-align:(\w+)/.exec(token.attrGet("style") ?? "")?.[1];
      token.attrs = [["dir", "auto"]];
      if (align) token.attrSet("class", `align-${align}`);
    } else if (
      ["heading_open", "list_item_open", "blockquote_open"].includes(token.type) ||
      // The direction of an item is found from its words, not from parts that have a direction of their own.
      (token.type === "paragraph_open" && !["list_item_open", "blockquote_open"].includes(around.at(-1)))
    ) {
      token.attrSet("dir", "auto");
    }
    if (token.nesting === 1) around.push(token.type);
    for (const child of token.children ?? []) {
      if (child.type === "s_open" || child.type === "s_close") child.tag = "del";
      else if (child.type === "code_inline") child.attrSet("dir", "ltr");
      else if (child.type === "link_open") {
        child.attrSet("rel", "noopener noreferrer nofollow");
        if (child.markup === "autolink") child.attrSet("class", "autolink");
      }
    }
  });
}

// markdown-it remembers that no marker is left to close inline code, and wrongly applies that to earlier text when brackets that
// turned out not to be a link are read again.
function rememberRightly(ruler) {
  const own = ruler.__rules__.find((rule) => rule.name === "backticks").fn;
  ruler.at("backticks", (state, silent) => {
    if (state.backticksScanned && state.pos < state.scannedFrom) state.backticksScanned = false;
    const known = state.backticksScanned;
    const from = state.pos;
    const done = own(state, silent);
    if (!known && state.backticksScanned) state.scannedFrom = from;
    return done;
  });
}

let grammar = null;

function parser() {
  if (grammar) return grammar;
  grammar = window.markdownit("commonmark", { html: false, breaks: true, maxNesting: DEEPEST + 2 }).enable(["table", "strikethrough"]);
  grammar.validateLink = (url) => /^(?:https?:|mailto:|[^:/?#]*(?:[/?#]|$))/i.test(url);
  rememberRightly(grammar.inline.ruler);
  grammar.inline.ruler.before("escape", "formula", formula);
  grammar.inline.ruler.before("autolink", "line_break", lineBreak);
  grammar.block.ruler.before("table", "too_deep", tooDeep);
  grammar.block.ruler.after("fence", "formula_block", formulaBlock, { alt: ["paragraph", "reference", "blockquote", "list"] });
  grammar.core.ruler.before("inline", "trim", trim);
  grammar.core.ruler.push("shape", shape);
  grammar.renderer.rules.image = (tokens, index) => grammar.utils.escapeHtml(tokens[index].content || texts.image || "");
  return grammar;
}

export function render(text) {
  return parser().render(text);
}

// --- An answer being written ---------------------------------------------------------------------------------------------------

// Where each line of `text` starts, by the parser's definition of a line.
function lineStarts(text) {
  return [0, ...Array.from(text.matchAll(/\r\n?|\n/g), (end) => end.index + end[0].length)];
}

// Renders a growing text into `box`, once per frame. Only its last blocks are parsed and rendered again: a long answer costs no
// more per word than a short one. `drawn` is called after each time.
export class GrowingText {
  constructor(box, drawn = () => {}) {
    this.box = box;
    this.drawn = drawn;
    this.clear();
  }

  clear() {
    this.box.replaceChildren();
    this.open = ""; // what is not settled: blocks that may still change
    this.settled = 0; // nodes of `box` that are final
    this.references = {}; // link definitions of the settled text, by label
    this.pending = []; // settled blocks with a bracket: a later definition may still turn it into a link
    this.known = "";
    this.due = false;
  }

  add(text) {
    this.open += text;
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => this.draw());
  }

  replace(text) {
    this.clear();
    this.add(text);
  }

  // Renders what is due at once: frames do not run in a tab that is not visible.
  draw() {
    if (!this.due) return;
    this.due = false;
    const environment = { references: { ...this.references } };
    const tokens = parser().parse(this.open, environment);
    this.linkSettled(environment);
    while (this.box.childNodes.length > this.settled) this.box.lastChild.remove();
    const first = this.firstOpen(tokens);
    if (first > 0) {
      const starts = lineStarts(this.open);
      const cut = starts[tokens[first].map[0]];
      this.settle(tokens.slice(0, first), this.open.slice(0, cut), environment);
      this.open = this.open.slice(cut);
    }
    this.append(tokens.slice(first), environment);
    this.box.dispatchEvent(new CustomEvent("almia:content", { bubbles: true }));
    this.drawn();
  }

  // The token where the blocks that may still change begin: the last one, and the one before while the last is in its first two
  // lines ("2" may become "2." and continue the list above; a table stops being one if a letter comes in the line below its head).
  firstOpen(tokens) {
    const blocks = [];
    tokens.forEach((token, index) => token.level === 0 && token.nesting !== -1 && token.map && blocks.push(index));
    const last = blocks.at(-1);
    if (last === undefined) return 0;
    const lines = lineStarts(this.open).length;
    return tokens[last].map[0] < lines - 2 ? last : (blocks.at(-2) ?? last);
  }

  settle(tokens, source, environment) {
    // Definitions render nothing: only the settled text can tell which of them are settled.
    if (Object.keys(environment.references).length) {
      const own = { references: this.references };
      parser().parse(source, own);
      this.references = own.references;
    }
    const from = this.settled;
    this.append(tokens, environment);
    this.settled = this.box.childNodes.length;
    if (source.includes("]")) this.pending.push({ source, from });
  }

  linkSettled(environment) {
    const known = JSON.stringify(environment.references);
    if (known === this.known) return;
    this.known = known;
    for (const { source, from } of this.pending) {
      const fresh = this.nodes(parser().parse(source, { ...environment }), environment);
      [...fresh.childNodes].forEach((node, index) => this.box.childNodes[from + index].replaceWith(node));
    }
  }

  append(tokens, environment) {
    this.box.append(this.nodes(tokens, environment));
  }

  nodes(tokens, environment) {
    const holder = document.createElement("template");
    holder.innerHTML = parser().renderer.render(tokens, parser().options, environment);
    return holder.content;
  }
}

// --- Said aloud ------------------------------------------------------------------------------------------------------------------

const BLOCKS = "p, li, ul, ol, h1, h2, h3, h4, h5, h6, blockquote, pre, table, tr, div";
const LONGEST = 600;

// The words of rendered Markdown without what only belongs to the page: list numbers, struck-out text, code only once.
export function readable(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.parentElement.closest("pre") ? node.data : node.data.replace(/\s+/g, " ");
  if (node.nodeType !== Node.ELEMENT_NODE || node.matches(".code-block__bar, button, [hidden]")) return "";
  if (node.matches("br")) return "\n";
  if (node.matches("hr")) return "\n";
  let words = [...node.childNodes].map(readable).join("");
  if (node.matches("del")) words = (texts.struck ?? "{text}").replace("{text}", () => words);
  if (node.matches("ol > li")) words = `${numberOf(node)}. ${words.trim()}`;
  if (node.matches("td, th") && node.nextElementSibling) words = `${words.trim()}, `;
  return node.matches(BLOCKS) ? `\n${words.trim()}\n` : words;
}

function numberOf(item) {
  return item.parentElement.start + [...item.parentElement.children].indexOf(item);
}

export function sayAloud(box) {
  let text = readable(box).replace(/\s*\n\s*/g, "\n").trim();
  if (text.length > LONGEST) {
    const end = text.slice(0, LONGEST + 1).search(/\s\S*$/);
    text = `${text.slice(0, end > 0 ? end : LONGEST).trimEnd()}…`;
  }
  if (text) document.dispatchEvent(new CustomEvent("almia:announce", { detail: { text } }));
}
