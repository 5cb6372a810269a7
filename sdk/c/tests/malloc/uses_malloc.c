// A function that takes memory from the C library, and clears it, while the batch is read.
#include <stdlib.h>
#include <string.h>

#include "diagon_udf.h"

// The compiler can't know what becomes of it, and so does what is written here.
static char *volatile memory;

#define NAMED(FIELD, PARAM) FIELD(str, name)

DIAGON_FILTER(uses_malloc, "1.0.0", "the name begins with n", NAMED) {
  memory = (char *)malloc(300000);
  if (!memory) return diagon_error(doc, "no memory");
  memset(memory, 0, 300000);
  free(memory);
  return doc.name.size > 0 && doc.name.data[0] == 'n';
}
