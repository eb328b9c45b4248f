// What expressions are made of: documents with their names and paths, literals, pictures, patterns.
//
// No member has a whole number as its name, because JavaScript moves such members to the front; no text holds half a
// surrogate pair, because the text of other languages cannot hold it.

/** The input, its names, paths that find something in it, and the variables that go with it. */
export const documents = [
  {
    input: {
      Account: {
        'Account Name': 'Firefly',
        Order: [
          {
            OrderID: 'order103',
            Product: [
              {
                'Product Name': 'Bowler Hat', ProductID: 858383, SKU: '0406654608',
                Description: { Colour: 'Purple', Width: 300, Weight: 0.75 }, Price: 34.45, Quantity: 2,
              },
              {
                'Product Name': 'Trilby hat', ProductID: 858236, SKU: '0406634348',
                Description: { Colour: 'Orange', Width: 300, Weight: 0.6 }, Price: 21.67, Quantity: 1,
              },
            ],
          },
          {
            OrderID: 'order104',
            Product: [
              {
                'Product Name': 'Bowler Hat', ProductID: 858383, SKU: '040657863',
                Description: { Colour: 'Purple', Width: 300, Weight: 0.75 }, Price: 34.45, Quantity: 4,
              },
              {
                ProductID: 345664, SKU: '0406654603', 'Product Name': 'Cloak',
                Description: { Colour: 'Black', Width: 30, Weight: 2 }, Price: 107.99, Quantity: 1,
              },
            ],
          },
        ],
      },
    },
    names: [
      'Account', 'Order', 'Product', 'Price', 'Quantity', 'OrderID', 'SKU', '`Product Name`', '`Account Name`',
      'Description', 'Colour', 'Width', 'Weight', 'ProductID',
    ],
    paths: [
      'Account.Order.Product', 'Account.Order.Product.Price', 'Account.Order.OrderID',
      'Account.Order[0].Product.`Product Name`', 'Account.Order.Product.Description.Colour', 'Account',
      'Account.Order', 'Account.Order.Product.Quantity', '**.Price', 'Account.Order.Product.SKU',
    ],
    weight: 2,
  },
  {
    input: {
      n: 42, neg: -7.5, zero: 0, tiny: 1e-7, big: 1e21, frac: 0.1, int53: 9007199254740991,
      s: 'Hello, World', empty: '', num: '12.5', uni: 'žluťoučký 😀 kůň', ws: '  a \t b\n c ',
      t: true, f: false, nul: null,
      arr: [1, 2, 3, 4, 5], strs: ['b', 'a', 'C', 'ä', ''], one: [7], none: [],
      mix: [1, 'two', null, true, [3, [4]], { k: 'v' }],
      nested: [[1, 2], [3, [4, 5]], []], obj: { a: 1, b: 'two', c: [3], d: { e: null } }, eo: {},
      'with space': { '': 'empty key', 'a.b': 2, é: 3 }, iso: '2018-03-27T15:31:59.123Z', millis: 1521801216617,
      deep: { deep: { deep: { v: 1 } } },
    },
    names: [
      'n', 'neg', 'zero', 'tiny', 'big', 'frac', 'int53', 's', 'empty', 'num', 'uni', 'ws', 't', 'f', 'nul', 'arr',
      'strs', 'one', 'none', 'mix', 'nested', 'obj', 'eo', '`with space`', 'iso', 'millis', 'deep', 'a', 'b', 'c',
      'd', 'e', '`a.b`', '``',
    ],
    paths: [
      'arr', 'strs', 'obj', 'nested', 'mix', 's', 'n', 'one', 'none', 'eo', 'uni', 'deep.deep', 'obj.d.e',
      '`with space`', '$', 'millis', 'iso', 'num', 'neg', 'tiny', 'big', 'ws',
    ],
    weight: 3,
  },
  {
    input: [
      { id: 1, name: 'Ann', age: 31, tags: ['x', 'y'], addr: { city: 'Oslo', zip: '0150' } },
      { id: 2, name: 'Bob', age: 27, tags: [], addr: { city: 'Bergen', zip: '5003' } },
      { id: 3, name: 'Cyd', tags: ['x'], addr: { city: 'Oslo' } },
      { id: 4, name: 'ann', age: null, tags: 'z' },
    ],
    names: ['id', 'name', 'age', 'tags', 'addr', 'city', 'zip'],
    paths: ['$', '$.name', 'age', 'tags', 'addr.city', '$[0]', '$.addr', 'id', '$[name="Ann"]', 'addr'],
    weight: 1,
  },
  {
    input: {
      FirstName: 'Fred', Surname: 'Smith', Age: 28,
      Phone: [
        { type: 'home', number: '0203 544 1234' }, { type: 'office', number: '01962 001234' },
        { type: 'office', number: '01962 001235' }, { type: 'mobile', number: '077 7700 1234' },
      ],
      Other: { Over18: true, Misc: null, 'Alternative.Address': { Street: 'Brick Lane', City: 'London' } },
    },
    names: [
      'FirstName', 'Surname', 'Age', 'Phone', 'type', 'number', 'Other', 'Over18', 'Misc', '`Alternative.Address`',
      'Street', 'City',
    ],
    paths: [
      'Phone', 'Phone.number', 'Phone.type', 'Other', 'FirstName', 'Age', 'Other.*', '*', '**',
      'Phone[type="office"].number',
    ],
    weight: 1,
  },
  { input: 5, names: ['a', 'n'], paths: ['$', '$$', 'a'], weight: 0.5 },
  {
    // No input, as in a state machine.
    variables: {
      states: {
        input: { a: { b: 42 }, items: [
          { price: 1.5, qty: 2 }, { price: 20, qty: 1 }, { price: 0.1, qty: 3 },
        ], name: 'abc', none: [], nul: null },
        context: { Execution: { Name: 'x-1', Input: {} } },
      },
    },
    names: ['a', 'b', 'items', 'price', 'qty', 'name', 'none', 'nul'],
    paths: [
      '$states.input', '$states.input.items', '$states.input.a.b', '$states.input.items.price',
      '$states.context.Execution.Name', '$states.input.name', '$states.input.items.(price*qty)', '$states.nothing',
    ],
    weight: 1.5,
  },
];

export const numbers = [
  '0', '1', '2', '3', '5', '10', '42', '100', '-1', '-2.5', '0.1', '0.2', '1.5', '2.5', '3.14159', '1e3', '1e21',
  '1e-7', '1.0e10', '9007199254740993', '123456789.987654', '0.000001', '5e-324', '1e100', '1e308',
  '33.333333333333336', '-0', '255', '1234.5678',
];

export const texts = [
  '""', '"a"', '"abc"', '"Hello World"', "'it'", '"12"', '"-3.5e2"', '" 7"', '"0x1F"', '"true"', '"ä"', '"😀"',
  '"a😀b"', '"\\u00e9"', '"\\n\\t"', '"a,b;c"', '"Žluťoučký kůň"', '"foo bar foo"', '"\\"q\\""', '"\\ud83d\\ude00"',
  '"null"', '"ǆ"', '"ß"', '"1,234.5"', '"%"', '"a b&c=d/é"', '"aGVsbG8="', '"2017-01-01"', '"$0-$1"', '"e\\u0301"',
  '"ΑΣ"', '"İI"',
];

export const patterns = [
  '/a/', '/[a-z]+/', '/b/i', '/(\\w)(\\w)?/', '/^H/', '/\\d+/', '/o/', '/(a)|(b)/', '/[^,;]+/', '/\\s+/', '/l+/i',
  '/^abc$/m', '/x*y?z/', '/(o)(.)/', '/[aeiou]/', '/ô|ů|ť/', '/./', '/\\bfoo\\b/', '/(?:a|b)+/', '/o(?=o)/',
  '/(?<!f)oo/', '/(.)\\1/', '/l{2}/', '/[\\s\\S]/', '/\\u0061/', '/^/', '/x?/', '/$/', '/a*?b/', '/[\\d.-]+/',
  '/\\//', '/[/]/', '/(?<year>\\d{4})/',
];

export const replacements = [
  '"$0"', '"[$1]"', '"$$"', '"X"', '"$2$1"', '"$10"', '"$x"', '""', '"\\\\$1"', '"$"', '"$00"', '"$1$"', '"a$3b"',
];

export const numberPictures = [
  '#,##0.00', '0', '#0.##', '000', '#,###', '00.0#', '0.0e0', '#0.00%', '0‰', '$#,##0.00;(#)', '#', '.', '##,##,#0',
  '0.00;-0.0', '00.000e00', '###.', '0#', '#.0#0', '0..0', '0,.0', '0%%', 'abc', '', '0;0;0', '١,٢', 'x0y',
  '#,#0,##0', "0.##'", '00e0', '#.#e0', '1', '9.99', '0,0,0', '0.0,0,0', '0,', '#,##0.###,###', '0.#e0', 'e0', '0e',
  '0%e0',
];

export const numberOptions = [
  '{"decimal-separator": ",", "grouping-separator": "."}', '{"zero-digit": "٠"}', '{"minus-sign": "~"}',
  '{"percent": "pc"}', '{}', '{"NaN": "nan", "infinity": "inf"}', '{"per-mille": "pm"}',
  '{"exponent-separator": "E"}', '{"pattern-separator": "|"}', '{"digit": "!"}', '{"decimal-separator": "·"}',
];

export const integerPictures = [
  '0', '000', '#,##0', '#:##0', 'W', 'w', 'Ww', 'I', 'i', 'A', 'a', '1;o', 'w;o', 'Ww;o', '0001', '#', 'α', '٠',
  '#,##,##0', '1st', '', 'x', 'W;o', '00;c', 'I;o', '0;o', '##0', '#,##0;o', 'a;o', '①', '1;1', ';o', '#0.000',
];

export const datePictures = [
  '[Y0001]-[M01]-[D01]', '[D]/[M]/[Y]', '[FNn], [D1o] [MNn] [Y]', '[H01]:[m01]:[s01].[f001]', '[h]:[m01] [P]',
  '[Y]-[M01]-[D01]T[H01]:[m]:[s].[f001][Z01:01t]', '[W01]', '[d]', '[F0]', '[MN,*-3] [DWwo]', '[YI]', '[M1] [x]',
  '[Y9,999,*]', '[[x]] [Y]', '[Y', '[w]', '[X0001]-W[W01]-[F1]', '[Dw] [Dwo]', '[PN]', '[z]', '[Z]', '[E]', '[C]',
  '[Yw]', '[f]', '[h#1][m01]', '[MNn][D][Y2]', '', '[Ya]', '[m][s][f01]', '[F,2-2]', '[FN,3-3] [Z0101]', '[YN]',
  '[H1]', '[Y,2-2]', '[M,2]', '[Y0001][M01][D01]', '[FNn,3-3], [D01] [MNn,3-3] [Y0001] [H01]:[m01]:[s01] [Z]',
  '[D1;o] [M]', '[Y]]', '[ Y ]', '[Q]', '[Z0]', '[Z00:00]', '[ZZ]', '[d001] [Y]', '[x] [X] [w]', '[H#1]:[m]',
  '[Z000000]', '[YA]', '[Di]', '[MI]',
];

export const zones = ['"+0000"', '"+0530"', '"-0800"', '"+01"', '"x"', '""', '"-0330"', '"Z"', '"+1400"', '"0100"'];

export const stamps = [
  '"2018-03-27"', '"2018-03-27T15:31:59.123Z"', '"1970-01-01T00:00:00.001Z"', '"2018"', '"2018-03-27T15:31"',
  '"2018-03-27T15:31:59+0100"', '"2018-03-27T15:31:59.1+01:00"', '"foo"', '"2018-13-01"', '"27/3/2018"', '"20180327"',
  '"2018-03-27 15:31"', '"-2018-01-01"', '"12018-01-01"', '"2018-02-30"', '"3:31 pm"', '"2018-087"',
  '"Tuesday, 27th March 2018"', '"2018-03"', '"2018-W13-2"', '"MMXVIII"', '"12"', '"15:31:59.123"',
  '"2018-03-27T15:31:59Z"', '"2018-03-27T24:00:00Z"',
];

export const moments = [
  '0', '1521801216617', '1419940800000', '-1', '1e15', '951782400000', '1509380732935', '1.5', '-62135596800001',
  '8.64e15', '9e15', '253402300800000', '-62198755200000',
];

export const signatures = [
  '<n:n>', '<s:s>', '<a:a>', '<n-n:n>', '<x?:x>', '<s-:n>', '<a<n>:n>', '<(sn):s>', '<f:x>', '<nn:n>', '<o>',
  '<j-j:j>', '<b+:b>', '<zz:z>', '<a<s>s?:s>', '<l>', '<n+>', '<>', '<s-s?>', '<f<s:o>>', '<(ao)->', '<s?n?>',
];

/** Texts for `$eval`. */
export const evaluated = [
  '1+2', '$', 'a.b', '[1..3]', '(', '$x := 5', '"a" + 1', 'arr[0]', '$uppercase("q")', '$y', '$sum($)', '{"a":', '/a',
  '1 +', '$p', 'n', '$error("x")',
];

export const urls = [
  '"https://x.org/?a=b c&d=é"', '"%E4%BD%A0"', '"%"', '"a%20b"', '"?x=test"', '"%zz"', '"😀"', '"%f0%9f%98%80"',
  '"%c0%80"', '"a/b#c;d"', '"%2F%3f"',
];

export const arrays = [
  '[3,1,2]', '["b","a","c"]', '[1,"a",null]', '[1]', '[]', '[[1,2],[3]]', '[{"a":1},{"a":2,"b":3}]', '[true,false]',
  '[2,2,"2",1]',
];

export const numberArrays = ['[1,2,3]', '[0.1,0.2]', '[1]', '[]', '5', '[1,"a"]', '[[1,2]]', '[0.1,0.2,0.3]'];

export const textArrays = ['["a","b"]', '[]', '"a"', '["x"]', '[1,2]', '["a",null]'];

export const objects = ['{"a":1,"b":"x"}', '{}', '{"a":{"b":[1,2]}}', '[{"a":1},{"b":2}]'];

/** Names that are in no document. */
export const strangers = ['nothing', 'foo', '`x y`', '_u', 'and', 'or', 'in', 'é'];

/** Functions that take anything, by which one can chain. */
export const unaries = [
  'sum', 'count', 'string', 'keys', 'reverse', 'uppercase', 'sort', 'distinct', 'max', 'number', 'boolean', 'not',
  'type', 'length', 'trim', 'spread', 'merge', 'exists', 'average',
];

/** Functions to give to functions, as they are and with their second argument. */
export const natives = [
  'string', 'uppercase', 'number', 'boolean', 'length', 'sum', 'keys', 'type', 'not', 'count', 'exists', 'append',
  'substring', 'round', 'reverse', 'trim',
];
export const partials = [
  'substring', 'append', 'power', 'contains', 'round', 'split', 'join', 'lookup', 'pad', 'replace', 'formatNumber',
];

/** What a function `$f` of `$n` may be. */
export const recursions = [
  '$n * $f($n - 1)', '$f($n - 1)', '$append($f($n - 1), $n)', '$f($n - 1) & $n', '$f($n - 1) + $f($n - 2)',
  '{"n": $f($n - 1)}',
];

export const orders = [
  'function($l,$r){$l > $r}', 'function($l,$r){$l < $r}', 'function($l,$r){$l.id > $r.id}',
  'function($l,$r){$length($string($l)) > $length($string($r))}',
];

export const reducers = [
  'function($a,$b){$a + $b}', 'function($a,$b){$a & $b}', 'function($a,$b,$i){$a + $b * $i}',
  'function($a,$b,$i,$l){$append($a, $b)}', '$append', 'function($a){$a}',
];

export const replacers = [
  'function($m){$m.match & "!"}', 'function($m){$uppercase($m.match)}', 'function($m){$m.groups[0]}',
  'function($m){$m.index}', 'function($m){$string($m.groups)}', '$uppercase',
];

/** Functions in the place of patterns. */
export const matchers = [
  'function($s){$s = "x" ? {"match": "x", "start": 0, "end": 1, "groups": [], "next": function(){nothing}} : nothing}',
  'function($s){{"match": "a", "start": 0, "end": 1, "groups": ["g"], "next": function(){nothing}}}',
  'function($s){nothing}',
  'function($s){{"a": 1}}',
];

/** Broken and unusual texts as they are. */
export const oddities = [
  '', ' ', '/* x', '"abc', '`abc', '"\\q"', '"\\u00"', '//', '/abc', '1 2', '()', '[1,2,3]{"num":$}[true]', 'a.5',
  '5.a', '$.7', '2(x)', '3(?)', '"f"(1)', 'function(x){x}', 'function($x)<n>{$x', 'function($x)<n<n>>{$x}(1)',
  'function($x)<(a<n>)>{$x}(1)', '% + 1', '$$.%', '@$v', 'a@b', 'a#b', 'a[0]@$v', 'a^(b)@$v', 'a.b.%.%.%',
  'x{y:z}{y:z}', '{1:2}', '{"a":1,"a":2}', '1 := 2', 'a := 1', '[1..', '[..1]', 'a.', '.a', 'a..b', 'a ? b :', '? a',
  'a ?: b', 'a ?? b', '|a|b', '|a|{}|', '!a', '~a', 'a ! b', 'a ~ b', '1e500', '-1e500', '.1', '1.', '0x10',
  'a\u0000b', '\ufeffa', 'a\u00a0+ 1', '#', '@', '^', '%', 'a^', 'a^()', 'a^(<)', 'a[', 'a]', ':', ';', '(;)',
  '(1;;2)', '$a$b', '$ a', '"\t"', "'\\''", 'and', 'or and in', 'and and and', 'a.and', '(a;b;)', '**.**', '***',
  '* * *', '%.%', 'true.a', 'a.true', 'a."b"', '"a".b', '"a"."b"', '-true', '--1', '- -1', '1--1', 'a[]', 'a[][]',
  'a[][0]', 'a[0][]', '(a)[]', '$[]', '{}[]', '[][]', 'a.[b]', '[a].b', '[[a]].b', 'a{b:c}[]', 'a[]{b:c}',
  '/* a */ 1 /* b */', '1 /* unclosed', '`a`b`', 'a`b`', '$`a`', '"a" "b"', '1..2', '[1..2..3]', '(1..2)', '?',
  'f(?)', '$f(?,?)', 'λ($x){$x}(1)', 'function(){1}()', 'function($x,$x){$x}(1,2)', '$sum(', '$sum)', '$sum(1,)',
  '[1,]', '{"a":1,}', '{,}', '[,]', '(,)', '1 and', 'in 1', '1 in', 'not true', '"\\ud83d\\ude00"', '"\\u00zz"',
  "'\\u00e9'", '"\\', '0.', '01', '1e', '1e+', '1E5', '1.5E-3', '-0', '- 0', '1 -1', '1-1', '$x.$y', '$$$', '$$.$$',
  'a.$', 'a.$$', '%.a', 'a.%', 'a.b.%', '(a).%', 'a.(b.%)', 'a[%]', 'a.b[%.c]', 'a.b^(%.c)', '^(a)', 'a^(b', 'a^b',
  'a#$i#$j', 'a@$x@$y', 'a@$x#$i', 'a#$i@$x', 'a[0]#$i', 'a#$i[0]', 'a@$x.b', '$#$i', '(1)#$i', '[1,2]#$i',
  '[1,2]#$i.$i', '[1,2]@$x.$x', '"a"#$i', '[1,2,3][[0,0,-1]]', '[[1,2],3][[0,-2]]',
];

/** Tokens that hardly fit where they are put. */
export const junk = [
  '(', ')', '[', ']', '{', '}', '.', '..', ',', ';', ':', ':=', '?', '+', '&', '=', '!', '~', '~>', '|', '@', '#',
  '^', '%', '"', '`', '/', '/*', '\\', '$', '1', '1.2.3', '1e', '01', 'and', 'function', 'function(', '??', '?:',
  '!=', '<', '*/', '"\\x"', '"\\u12"', '10e1000', '//', 'λ', '>', 'é', '😀', '@x', '#x', '5 := 1', 'a b', '.5', '5.',
  '-', '%%', '***', '/(/', '/a/g', '/[/', '$1', "'", '@$v', '#$v', '[]', '[0]', '{}', '()', '.%', '^(a)', '{"a":1}',
];
