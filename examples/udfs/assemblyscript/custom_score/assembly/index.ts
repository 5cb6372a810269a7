import { Opt, Param, Score, fail } from "diagon-udf/assembly";

const MS_OF_A_DAY: f64 = 86_400_000;

/** What counts how much, checked once a batch. */
class Weights {
  sum: f64;

  constructor(public text: f64, public recency: f64, public popularity: f64, public price: f64) {
    mustBe(text >= 0, "text_weight", text, "0 or more");
    mustBe(recency >= 0, "recency_weight", recency, "0 or more");
    mustBe(popularity >= 0, "popularity_weight", popularity, "0 or more");
    mustBe(price >= 0, "price_weight", price, "0 or more");
    this.sum = text + recency + popularity + price;
    mustBe(this.sum > 0, "the sum of all weights", this.sum, "more than 0");
  }
}

/** Where each part's curve has its bend, checked once a batch. */
class Curves {
  constructor(public pivot: f64, public halfLife: f64, public popular: f64, public budget: f64) {
    mustBe(pivot > 0, "text_pivot", pivot, "more than 0");
    mustBe(halfLife > 0, "half_life_days", halfLife, "more than 0");
    mustBe(popular > 0, "popular", popular, "more than 0");
    mustBe(budget > 0, "budget", budget, "more than 0");
  }
}

function mustBe(right: bool, name: string, value: f64, what: string): void {
  if (!right) fail(name + " is " + value.toString() + ", it must be " + what);
}

/** The weighted mean of text relevance, recency, popularity and price, from 0 to 1. */
@score({ name: "custom_score", version: "1.0.0", maxScore: 1 })
@field("released", { fromParam: "released_field", paramDefault: "released" })
@field("sold", { fromParam: "sold_field", paramDefault: "sold" })
@field("price", { fromParam: "price_field", paramDefault: "price" })
@once("weights", new Weights(text_weight, recency_weight, popularity_weight, price_weight))
@once("curves", new Curves(text_pivot, half_life_days, popular, budget))
export function customScore(
  relevance: Score,
  released: Opt<i64>,
  sold: Opt<i64>,
  price: Opt<f64>,
  weights: Weights,
  curves: Curves,
  now: Param<i64>,
  half_life_days: Param<f64> = 180,
  popular: Param<f64> = 1000,
  budget: Param<f64> = 100,
  text_pivot: Param<f64> = 5,
  text_weight: Param<f64> = 1,
  recency_weight: Param<f64> = 1,
  popularity_weight: Param<f64> = 1,
  price_weight: Param<f64> = 1,
): f64 {
  let sum = weights.text * relevance / (relevance + curves.pivot);
  if (released.has) sum += weights.recency * recencyOf(<f64>now - <f64>released.value, curves.halfLife);
  if (sold.has) sum += weights.popularity * popularityOf(<f64>sold.value, curves.popular);
  if (price.has) sum += weights.price * affordabilityOf(price.value, curves.budget);
  // Rounding may bring a mean of ones above 1.
  return Math.min(sum / weights.sum, 1);
}

/** 1 when new, or not released yet; half as much after each half-life. */
function recencyOf(age: f64, halfLife: f64): f64 {
  return Math.exp(-Math.LN2 * Math.max(age, 0) / (halfLife * MS_OF_A_DAY));
}

/** 0 when nothing was sold, 1 when as much as is popular or more, and logarithmic between. */
function popularityOf(sold: f64, popular: f64): f64 {
  return Math.min(Math.log1p(Math.max(sold, 0)) / Math.log1p(popular), 1);
}

/** 1 within budget; beyond, e times less for each budget more. */
function affordabilityOf(price: f64, budget: f64): f64 {
  return Math.exp(-Math.max(price - budget, 0) / budget);
}
