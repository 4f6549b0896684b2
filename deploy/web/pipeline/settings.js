// The settings of the pipeline: models, and options of the graph's nodes, as texts by name. The same
// names and words are in the test vectors, see docs/test_vectors.md.

const WORDS = { true: true, false: false, none: null };

// A number, true, false, null (`none`) or a word; a list where there are several.
export function parse(words) {
  const values = words.split(" ").map((word) =>
    word in WORDS ? WORDS[word] : word === "" || Number.isNaN(Number(word)) ? word : Number(word));
  return values.length === 1 ? values[0] : values;
}

// The options of a node.
export function optionsOf(texts, node) {
  const start = `option.${node}.`, options = {};
  for (const [name, words] of Object.entries(texts)) {
    if (name.startsWith(start)) options[name.slice(start.length)] = parse(words);
  }
  return options;
}

const list = (value) => (Array.isArray(value) ? value : [value]);

// What is known about a model: {name, kind, hw, range, border, outputs, coefficients, anchors}.
export function modelInfo(texts, role) {
  const start = `model.${role}.`, text = (name) => texts[start + name];
  const named = (part) => Object.fromEntries(
    Object.entries(texts).filter(([name]) => name.startsWith(start + part))
      .map(([name, words]) => [name.slice(start.length + part.length), words]));
  const coefficients = named("score_coefficients.");
  return {
    name: text("name"),
    kind: text("kind"),
    hw: parse(text("input_hw")),
    range: parse(text("input_range")),
    border: text("border"),
    outputs: named("output."), // meaning → tensor name
    coefficients: Object.fromEntries(
      Object.entries(coefficients).map(([name, words]) => [name, Number(words)])),
    anchors: text("anchors.strides") === undefined ? null : {
      strides: list(parse(text("anchors.strides"))), perMap: parse(text("anchors.per_map")),
    },
  };
}
