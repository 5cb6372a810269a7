#include <array>

#include "diagon/kernels/kernels.h"

namespace diagon::kernels {
namespace {

struct Found {
  std::array<const Kernels*, 4> list{};
  size_t count = 0;

  Found() noexcept {
    list[count++] = &kPlain;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") ||
        !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("popcnt"))
      return;
    list[count++] = &kAvx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vpopcntdq")) {
      list[count++] = &kAvx512;
      if (__builtin_cpu_supports("avx512vp2intersect")) list[count++] = &kAvx512Vp2;
    }
#endif
  }
};

const Found& found() noexcept {
  static const Found found;
  return found;
}

}  // namespace

const Kernels& best() noexcept {
  static const Kernels& best = *found().list[found().count - 1];
  return best;
}

std::span<const Kernels* const> all() noexcept { return {found().list.data(), found().count}; }

}  // namespace diagon::kernels
