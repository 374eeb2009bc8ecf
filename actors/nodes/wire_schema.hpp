#pragma once

#include <caf/meta/type_name.hpp>

#include <array>
#include <chrono>
#include <string>
#include <type_traits>
#include <vector>

namespace quaero {

/// Writes down what inspect() says of a type: the names of structs and the
/// kinds of their fields, in order. Two programs that write the same read each
/// other's bytes.
class schema_writer {
public:
  using result_type = int;
  static constexpr bool reads_state = true;
  static constexpr bool writes_state = false;

  template <class... Ts>
  int operator()(Ts&&... xs) {
    text_ += '{';
    (add(xs), ...);
    text_ += '}';
    return 0;
  }

  template <class T>
  void describe() {
    T x{};
    add(x);
  }

  const std::string& text() const { return text_; }

private:
  void add(caf::meta::type_name_t& x) { text_ += x.value; }
  void add(std::string&) { text_ += " string"; }

  template <class T>
  void add(std::vector<T>&) {
    text_ += " list";
    describe<T>();
  }

  template <class T, size_t N>
  void add(std::array<T, N>&) {
    text_ += " array" + std::to_string(N);
    describe<T>();
  }

  template <class R, class P>
  void add(std::chrono::duration<R, P>&) {
    text_ += " duration" + std::to_string(P::num) + "/" + std::to_string(P::den)
             + "." + std::to_string(sizeof(R));
  }

  template <class C, class D>
  void add(std::chrono::time_point<C, D>&) {
    text_ += " moment";
    describe<D>();
  }

  template <class T>
  void add(T& x) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
      text_ += std::is_enum_v<T>         ? " enum"
               : std::is_same_v<T, bool> ? " flag"
               : std::is_signed_v<T>     ? " signed"
                                         : " unsigned";
      text_ += std::to_string(sizeof(T));
    } else {
      text_ += ' ';
      inspect(*this, x);
    }
  }

  std::string text_;
};

} // namespace quaero
