// The function beside the formula of README.md, written once more in JavaScript.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CallError, load } from "diagon-udf/testing";

const { functions: { custom_score } } = await load("build/custom_score.wasm");
const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 1);
const DEFAULTS = {
  half_life_days: 180, popular: 1000, budget: 100, text_pivot: 5,
  text_weight: 1, recency_weight: 1, popularity_weight: 1, price_weight: 1,
};

function twin({ released, sold, price }, score, given) {
  const p = { ...DEFAULTS, ...given };
  const parts = [
    [p.text_weight, score / (score + p.text_pivot)],
    [p.recency_weight, released === undefined ? 0 : 2 ** (-Math.max(0, p.now - released) / DAY / p.half_life_days)],
    [p.popularity_weight, sold === undefined ? 0 : Math.min(1, Math.log(1 + Math.max(0, sold)) / Math.log(1 + p.popular))],
    [p.price_weight, price === undefined ? 0 : Math.min(1, Math.exp((p.budget - price) / p.budget))],
  ];
  return parts.reduce((sum, [weight, part]) => sum + weight * part, 0) / parts.reduce((sum, [weight]) => sum + weight, 0);
}

function check(documents, scores, given) {
  const parameters = { now: NOW, ...given };
  const answers = custom_score.run(documents, { parameters, scores });
  documents.forEach((document, i) => {
    const expected = twin(document, Math.fround(scores[i]), parameters);
    assert.ok(Math.abs(answers[i] - expected) <= 1e-12, `${JSON.stringify(document)}: ${answers[i]}, expected ${expected}`);
    assert.ok(answers[i] >= 0 && answers[i] <= 1);
  });
}

test("random documents, with any of the values missing", () => {
  let state = 1;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const maybe = (value) => (random() < 0.2 ? undefined : value);
  const documents = Array.from({ length: 3000 }, () => ({
    released: maybe(NOW + Math.round((random() - 0.9) * 3000 * DAY)), sold: maybe(Math.floor(10 ** (5 * random()) - 2)), price: maybe(500 * random()),
  }));
  const scores = documents.map(() => 30 * random());
  check(documents, scores, {});
  check(documents, scores, { half_life_days: 1, popular: 5, budget: 0.5, text_pivot: 0.1, recency_weight: 0, price_weight: 7.5 });
});

test("limits: far future and past, extremes of numbers", () => {
  const documents = [
    { released: NOW }, { released: 8.64e15 }, { released: -8.64e15 }, { sold: 0 }, { sold: -5 }, { sold: 2 ** 53 - 1 },
    { price: 0 }, { price: -1 }, { price: 100 }, { price: 1e300 }, {}, { released: NOW, sold: 1000, price: 100 },
  ];
  check(documents, documents.map(() => 0), {});
  check(documents, documents.map(() => 1e30), {});
});

test("parameters out of range are told by name", () => {
  const failure = (given) => () => custom_score.run([{}], { scores: [0], parameters: { now: NOW, ...given } });
  for (const name of ["half_life_days", "popular", "budget", "text_pivot"]) {
    assert.throws(failure({ [name]: 0 }), new CallError(`${name} is 0.0, it must be more than 0`));
  }
  for (const name of ["text", "recency", "popularity", "price"]) {
    assert.throws(failure({ [`${name}_weight`]: -1 }), new CallError(`${name}_weight is -1.0, it must be 0 or more`));
  }
  const none = { text_weight: 0, recency_weight: 0, popularity_weight: 0, price_weight: 0 };
  assert.throws(failure(none), new CallError("the sum of all weights is 0.0, it must be more than 0"));
});
