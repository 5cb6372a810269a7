// The decorators before declarations. The compiler ignores those that it doesn't know; here a misspelt one is told.

import { textOf } from "./literals.mjs";

export const KINDS = ["filter", "score", "value"];
export const DETAILS = ["field", "param", "once"];
const OURS = [...KINDS, ...DETAILS];
/** Decorators of the compiler that a function may have. */
const COMPILERS = ["inline", "external", "global", "lazy", "unsafe"];
/** Edits between a misspelt word and the right one, at most. */
const NEAR = 2;

/** Complains about decorators of a statement at the top of a file that would do nothing. */
export function checkDecorators(statement, compiler, complaints) {
  checkInside(statement, complaints);
  const decorators = statement.decorators ?? [];
  if (statement.kind === compiler.NodeKind.FunctionDeclaration) {
    const unknown = decorators.filter((decorator) => isUnknown(decorator, compiler));
    for (const decorator of unknown) {
      complaints.at(decorator, `there is no decorator @${wordOf(decorator)}: write ${rightWords(decorator)}`);
    }
    // One of them may have been meant as the kind.
    if (unknown.length) return;
  }
  const detail = decorators.find((decorator) => DETAILS.includes(decorator.name.text));
  if (detail && !decorators.some((decorator) => KINDS.includes(decorator.name.text))) {
    complaints.at(detail, `@${detail.name.text} is for a function with a kind: write ${listed(KINDS)}, too`);
  }
}

/** Kinds in classes and namespaces, and behind `export default`. */
function checkInside(statement, complaints) {
  for (const inner of [...(statement.members ?? []), ...(statement.declaration ? [statement.declaration] : [])]) {
    const kind = inner.decorators?.find((decorator) => KINDS.includes(decorator.name.text));
    if (kind) complaints.at(kind, `@${kind.name.text} stands before a function at the top of a file, without \`default\``);
    checkInside(inner, complaints);
  }
}

function isUnknown(decorator, compiler) {
  return decorator.decoratorKind === compiler.DecoratorKind.Custom && !OURS.includes(decorator.name.text);
}

/** What is behind the `@`. */
function wordOf(decorator) {
  return textOf(decorator.name).replace("@", "");
}

/** The words that are the nearest to a misspelt one; all of ours, where none is near. */
function rightWords(decorator) {
  const word = wordOf(decorator).toLowerCase();
  const candidates = [...OURS, ...COMPILERS].map((right) => ({ right, edits: editsBetween(word, right) }));
  const least = Math.min(...candidates.map(({ edits }) => edits));
  const near = candidates.filter(({ edits }) => edits === least && edits <= NEAR).map(({ right }) => right);
  return listed(near.length ? near : OURS);
}

/** `@a, @b or @c` */
function listed(words) {
  return words.map((word) => `@${word}`).join(", ").replace(/, (@\w+)$/, " or $1");
}

/** How many letters are put in, left out, replaced, or swapped with the next one, to get from one word to the other. */
function editsBetween(from, to) {
  const rows = [Array.from({ length: to.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= from.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= to.length; j++) {
      const replaced = rows[i - 1][j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? rows[i - 2][j - 2] + 1 : Infinity;
      rows[i].push(Math.min(replaced, swapped, rows[i - 1][j] + 1, rows[i][j - 1] + 1));
    }
  }
  return rows[from.length][to.length];
}
