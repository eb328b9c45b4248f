// The editor, CodeMirror, in a chunk of its own.

import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import {
  bracketMatching,
  ensureSyntaxTree,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
  syntaxTree,
} from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { Problem } from '../contract';
import { rangeOf } from './json-place';

export interface Editor {
  setText(text: string): void;
  setProblems(problems: Problem[]): void;
  show(pointer: string): void;
  /** Selects from one letter to another, and takes the focus. */
  select(from: number, to: number): void;
  close(): void;
}

interface Options {
  label: string;
  language: 'json' | 'text';
  text: string;
  onChange: (text: string) => void;
}

/** How long a text may be read to its end, in milliseconds, before a place in it is looked for in what is read. */
const PATIENCE = 200;

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--name)' },
  { tag: tags.string, color: 'var(--string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--number)' },
]);

const look = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', backgroundColor: 'var(--surface)', fontSize: '13px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px' },
  '.cm-gutters': { backgroundColor: 'var(--inner)', color: 'var(--muted)', borderColor: 'var(--edge)' },
  '.cm-content': { caretColor: 'var(--ink)', padding: '6px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-1px' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'var(--selection)',
  },
  '.cm-panels, .cm-tooltip': { backgroundColor: 'var(--surface)', color: 'var(--ink)', borderColor: 'var(--edge)' },
  '.cm-diagnostic': { fontFamily: 'var(--sans)', whiteSpace: 'pre-wrap', maxWidth: '60ch' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--inner)', color: 'var(--muted)', borderColor: 'var(--edge)' },
});

/** Opens an editor. It stands in a shadow tree, where its styles are style sheets and no elements, as the page's policy wants. */
export function openEditor(place: HTMLElement, { label, language, text, onChange }: Options): Editor {
  const root = place.shadowRoot ?? place.attachShadow({ mode: 'open' });
  const extensions: Extension[] = [
    lineNumbers(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    highlightSelectionMatches(),
    look,
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
    // Tab leaves the editor, as everything here is reached by keyboard.
    keymap.of([...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...lintKeymap]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onChange(update.state.doc.toString());
    }),
  ];
  if (language === 'json') extensions.push(json(), foldGutter(), lintGutter(), syntaxHighlighting(colours));
  const view = new EditorView({ root, parent: root, state: EditorState.create({ doc: text, extensions }) });

  const range = (pointer: string) => {
    const tree = ensureSyntaxTree(view.state, view.state.doc.length, PATIENCE) ?? syntaxTree(view.state);
    return rangeOf(tree, (from, to) => view.state.sliceDoc(from, to), pointer);
  };
  return {
    select(from, to) {
      const end = view.state.doc.length;
      view.dispatch({ selection: { anchor: Math.min(from, end), head: Math.min(to, end) } });
      view.focus();
    },
    setText(next) {
      if (next !== view.state.doc.toString())
        view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
    },
    setProblems(problems) {
      const found = problems.map((problem) => ({
        ...range(problem.location ?? ''),
        severity: problem.severity === 'ERROR' ? ('error' as const) : ('warning' as const),
        message: problem.message,
      }));
      view.dispatch(setDiagnostics(view.state, found));
    },
    show(pointer) {
      const { from } = range(pointer);
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
    },
    close() {
      view.destroy();
    },
  };
}
