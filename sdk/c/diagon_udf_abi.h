// The batch ABI, version 1: what the engine writes, the module's memory, the host's functions.
//
// An address is a number, as the engine writes it. In WebAssembly it is the pointer itself.
// Natively, for tests, it counts from the start of a buffer that stands for the memory (see
// diagon_udf_test.h).
#ifndef DIAGON_UDF_ABI_H
#define DIAGON_UDF_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __wasi__
#include <stdlib.h>
#endif

#ifdef __cplusplus
#define DIAGON_EXTERN_C extern "C"
#define DIAGON_RESTRICT __restrict
#define DIAGON_NORETURN [[noreturn]]
#else
#define DIAGON_EXTERN_C
#define DIAGON_RESTRICT restrict
#define DIAGON_NORETURN _Noreturn
#endif

// A function of this header: small, and part of the loop that it is called from.
#define DIAGON_INLINE static inline __attribute__((always_inline, unused))
// What every file of a module has, and the module once.
#define DIAGON_SHARED __attribute__((weak))

#ifdef __wasm__
#define DIAGON_EXPORT(text) __attribute__((export_name(text)))
#define DIAGON_IMPORT(text) __attribute__((import_module("diagon"), import_name(text)))
#else
#define DIAGON_EXPORT(text)
#define DIAGON_IMPORT(text)
#endif

// ---- What the engine writes ----

typedef struct diagon_column {
  uint32_t type;
  uint32_t flags;
  uint32_t len;
  uint32_t values;
  uint32_t validity;
  uint32_t offsets;
  uint32_t child;
  uint32_t reserved;
} diagon_column;

typedef struct diagon_param {
  uint32_t type;  // 0: absent
  uint32_t len;
  uint64_t value;
} diagon_param;

typedef struct diagon_batch {
  uint32_t abi;
  uint32_t len;
  uint32_t columns;
  uint32_t column_count;
  uint32_t params;
  uint32_t param_count;
  uint32_t scores;
  uint32_t doc_ids;
  uint32_t ids;
  uint32_t out;
  uint32_t out_validity;
  uint32_t reserved[5];
} diagon_batch;

enum { DIAGON_FLAG_DICTIONARY = 4 };

// ---- Checks of tests ----

// A native test lays the batch out itself. What isn't as the engine would have made it is refused
// where the function reads it; a module has no such checks.
#ifdef __wasm__
#define DIAGON_NATIVELY(check)
#else
#define DIAGON_NATIVELY(check) check;
DIAGON_EXTERN_C void diagon_native_field(const diagon_batch *batch, const diagon_column *column,
                                         const char *type, const char *mode, const char *name);
DIAGON_EXTERN_C void diagon_native_param(const diagon_batch *batch, const diagon_param *param,
                                         const char *type, const char *mode, const char *name);
DIAGON_EXTERN_C void diagon_native_input(uint32_t address, const char *name);
DIAGON_EXTERN_C void diagon_native_end(const char *what, size_t read, uint32_t given);
#endif

// ---- Memory ----

enum { DIAGON_PAGE = 65536 };

#ifdef __wasm__
DIAGON_INLINE void *diagon_at(uint32_t address) { return (void *)(uintptr_t)address; }
DIAGON_INLINE uint32_t diagon_address(const void *pointer) { return (uint32_t)(uintptr_t)pointer; }
DIAGON_INLINE uint32_t diagon_memory_end(void) {
  return (uint32_t)(__builtin_wasm_memory_size(0) * DIAGON_PAGE);
}
DIAGON_INLINE bool diagon_memory_grow(uint32_t pages) {
  return __builtin_wasm_memory_grow(0, pages) != (size_t)-1;
}
#else
DIAGON_EXTERN_C unsigned char *diagon_native_memory(void);
DIAGON_EXTERN_C uint32_t diagon_memory_end(void);
DIAGON_EXTERN_C bool diagon_memory_grow(uint32_t pages);
DIAGON_INLINE void *diagon_at(uint32_t address) { return diagon_native_memory() + address; }
DIAGON_INLINE uint32_t diagon_address(const void *pointer) {
  return (uint32_t)((const unsigned char *)pointer - diagon_native_memory());
}
#endif

// The malloc of a C library takes all memory that is there when it is first called, and so what the
// batch lies in if that comes later: it is called before there is a batch.
#ifdef __wasi__
static __attribute__((constructor)) void diagon_claim_memory(void) {
  void *volatile claimed = malloc(1);
  free(claimed);
}
#endif

// Memory that only grows: in place if nothing lies behind it, else anew at the end.
typedef struct diagon_region {
  uint32_t start;
  uint32_t size;
} diagon_region;

// Makes the region at least so large. Returns whether it is; if it moved, what was in it is still
// where it was.
DIAGON_INLINE bool diagon_region_fit(diagon_region *region, uint64_t bytes) {
  if (bytes <= region->size) return true;
  const uint32_t end = diagon_memory_end();
  const bool in_place = region->size != 0 && region->start + region->size == end;
  // Twice as large elsewhere: all the places that it leaves behind are never more than the one it
  // has.
  uint64_t more = in_place ? bytes - region->size : 2 * (uint64_t)region->size;
  if (!in_place && more < bytes) more = bytes;
  const uint64_t pages = (more + DIAGON_PAGE - 1) / DIAGON_PAGE;
  if (pages > DIAGON_PAGE || !diagon_memory_grow((uint32_t)pages)) return false;
  if (!in_place) region->start = end;
  region->size = (in_place ? region->size : 0) + (uint32_t)pages * DIAGON_PAGE;
  return true;
}

DIAGON_SHARED diagon_region diagon_batch_region = {0, 0};
DIAGON_SHARED diagon_region diagon_answer_region = {0, 0};
DIAGON_SHARED diagon_region diagon_scratch_region = {0, 0};
DIAGON_SHARED uint32_t diagon_scratch_used = 0;

#ifdef __wasm__
DIAGON_SHARED __attribute__((aligned(64))) unsigned char diagon_first_room[DIAGON_PAGE] = {0};
#endif

DIAGON_EXTERN_C void diagon_abi_v1(void);
DIAGON_EXTERN_C uint32_t diagon_reserve(uint32_t bytes);

DIAGON_EXTERN_C DIAGON_SHARED DIAGON_EXPORT("diagon_abi_v1") void diagon_abi_v1(void) {}

DIAGON_EXTERN_C DIAGON_SHARED DIAGON_EXPORT("diagon_reserve") uint32_t
    diagon_reserve(uint32_t bytes) {
#ifdef __wasm__
  // Most batches fit into what every instance begins with. Growing costs a query some microseconds.
  if (diagon_batch_region.size == 0) {
    diagon_batch_region.start = diagon_address(diagon_first_room);
    diagon_batch_region.size = sizeof diagon_first_room;
  }
#endif
  // 64 bytes behind the last one can be read, so that short strings may be read a word at a time.
  return diagon_region_fit(&diagon_batch_region, (uint64_t)bytes + 64) ? diagon_batch_region.start
                                                                       : 0;
}

#if defined(__wasm__) && defined(__cplusplus) && !defined(__wasi__)
// Constructors of global objects; a reactor with a libc brings its own.
extern "C" void __wasm_call_ctors(void);
extern "C" DIAGON_SHARED DIAGON_EXPORT("_initialize") void diagon_initialize(void) {
  __wasm_call_ctors();
}
#endif

// ---- The host's functions ----

DIAGON_EXTERN_C DIAGON_IMPORT("log") void diagon_host_log(int32_t level, const char *text,
                                                          uint32_t size);
DIAGON_EXTERN_C DIAGON_IMPORT("fail") void diagon_host_fail(const char *text, uint32_t size);

#endif
