// Texts, numbers, patterns and pictures that nobody has thought of: made of the characters that matter to each.

const ALPHABETS = {
  text: [...'abAB zZ019.,-_$%&/"\\\'`\n\t\r'],
  rare: [
    ...'äßŉǆǅİıΣσςéㅎ漢字ſﬁ𝒳😀👩‍🚀', 'e\u0301', '\u00a0', '\u2028', '\ufeff', '\u3000', '\u0000', '\u001f', '\u007f',
    '\u0085',
  ],
  digits: [...'0123456789'],
  'number picture': [...'0000####,,..%‰;;eE-+x 9٠'],
  'integer picture': [..."000##,,;;ocatwWIiAa1.:-'α①٣ "],
  'date picture': [
    '[', ']', '[[', ']]', ...'YMDdFWwXxHhPmsfZzCE', ...'0011##,,**--ntNIiAaWwo', 'Nn', 'Ww', ' ', '/', ':', 'T',
  ],
};

function characters(random, alphabet, most) {
  return random.times(random.below(most + 1), () => random.pick(ALPHABETS[alphabet])).join('');
}

/** A literal. */
export function anyText(random) {
  const part = () => characters(random, random.chance(0.7) ? 'text' : 'rare', 4);
  return JSON.stringify(random.times(1 + random.below(3), part).join(''));
}

/** A literal of up to 18 digits, of any magnitude. */
export function anyNumber(random) {
  const digits = characters(random, 'digits', 9).replace(/^0+/, '') || '0';
  const fraction = random.chance(0.6) ? `.${characters(random, 'digits', 8)}${random.below(10)}` : '';
  const exponent = random.chance(0.2) ? `e${random.pick(['', '-'])}${random.below(random.pick([6, 30, 330]))}` : '';
  return random.pick(['', '', '-']) + digits + fraction + exponent;
}

/** `kind` is one of the pictures above. */
export function anyPicture(random, kind) {
  if (kind !== 'date picture') return characters(random, kind, 8);
  const component = () => `[${characters(random, kind, 4).replace(/[[\]]/g, '')}]`;
  const part = () => (random.chance(0.75) ? component() : characters(random, kind, 2));
  return random.times(1 + random.below(4), part).join('');
}

const ATOMS = [
  'a', 'b', 'o', 'l', ' ', '.', '\\d', '\\w', '\\s', '\\D', '\\W', '\\S', '\\b', '\\B', '^', '$', 'ä', 'É', '\\.',
  '\\u00e9', '\\x41', '\\t', '\\1', '\\cA', '-', ',', '\\-',
];
const CLASS_PARTS = [
  'a', 'z', 'a-f', 'A-Z', '0-9', '\\d', '\\w', '\\s', '\\W', '.', '-', '\\]', '\\\\', 'ä', 'à-ÿ', '\\b', '^', '$',
  '&&', '~~', '[', '\\/',
];
const QUANTIFIERS = [
  '', '', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{1,}', '{0,2}', '{1,2}?', '{', '{,2}', '{a}', '}', ']',
];

/** A regular expression with its slashes; some are no expressions that JavaScript reads. */
export function anyPattern(random, depth = 2) {
  const alternatives = level =>
    random
      .times(random.pick([1, 1, 1, 2]), () => random.times(1 + random.below(3), () => part(level)).join(''))
      .join('|');
  const several = choices => random.times(1 + random.below(3), () => random.pick(choices)).join('');
  const part = level => {
    const atom = random.weighted([
      [6, () => random.pick(ATOMS)],
      [2, () => `[${random.pick(['', '^'])}${several(CLASS_PARTS)}]`],
      [level > 0 ? 2 : 0, () => `(${random.pick(['', '', '?:', '?=', '?!', '?<n>'])}${alternatives(level - 1)})`],
      // What stands before has one length here.
      [0.3, () => `(${random.pick(['?<=', '?<!'])}${random.pick(['a', 'o', ' ', '\\d', '\\W', '.', 'lo', '^'])})`],
    ]);
    // Of what may be nothing, repeated without end, each engine has its own idea where to stop.
    return atom.startsWith('(') && /[*+?}]\?|\(\?[=!<]/.test(atom) ? atom : atom + random.pick(QUANTIFIERS);
  };
  return `/${alternatives(depth)}/${random.pick(['', '', '', 'i', 'm', 'im'])}`;
}
