// make test
#include "{{name}}.c"

#include <assert.h>

#include "diagon_udf_test.h"

// The plain function, about one document.
static void answers_about_a_document(void) {
  const struct {{ident}}_params params = {.budget = 10};
  assert({{ident}}((struct {{ident}}_doc){.price = 9.99}, params));
  assert({{ident}}((struct {{ident}}_doc){.price = 10}, params));
  assert(!{{ident}}((struct {{ident}}_doc){.price = 10.01}, params));
}

// What the engine calls, about a batch of documents.
static void answers_about_a_batch(void) {
  diagon_test_begin(3);
  diagon_test_f64((const double[]){3, 3, 0}, "110");  // the third one has no price
  diagon_test_str_list((const uint32_t[]){1, 2, 0},
                       (const char *const[]){"new", "new", "sold-out"});
  diagon_test_param_f64(5);
  assert(diagon_test_run({{ident}}_batch));
  assert(diagon_test_verdict(0) == 1);
  assert(diagon_test_verdict(1) == 0);
  assert(diagon_test_verdict(2) == 0);
}

int main(void) {
  answers_about_a_document();
  answers_about_a_batch();
  puts("ok");
}
