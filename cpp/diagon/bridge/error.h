// How an exception crosses to Rust: as the text "code:message". Included by bridge.h, since cxx
// takes the handler from there.
#pragma once

#include <new>
#include <string>

#include "diagon/util/error.h"
#include "rust/cxx.h"

namespace rust::behavior {

// Called by the generated code around every function that Rust declares with a Result. The default
// handler of cxx knows only std::exception; anything else would end the process.
template <typename Try, typename Fail>
static void trycatch(Try&& func, Fail&& fail) noexcept try {
  func();
} catch (const diagon::Error& e) {
  fail(std::to_string(static_cast<unsigned>(e.code())) + ":" + e.what());
} catch (const rust::Error& e) {
  fail(e.what());  // of a callback, which has put it together in the same way
} catch (const std::bad_alloc&) {
  fail("7:out of memory");
} catch (const std::exception& e) {
  fail(std::string("1:") + e.what());
} catch (...) {
  fail("1:an unknown C++ exception");
}

}  // namespace rust::behavior
