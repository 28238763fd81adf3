// The memory that expat takes for one document, counted and bounded. Private to the room.
#pragma once

#include <expat.h>

#include <cstddef>

namespace sfb::xml {

/// Expat holds all attributes of a tag before it tells of them, which takes thirty times their
/// text. Thread rule: one thread, that of the parser.
class CountingMemory {
 public:
  explicit CountingMemory(std::size_t limit) : limit_(limit) {}
  CountingMemory(const CountingMemory&) = delete;
  CountingMemory& operator=(const CountingMemory&) = delete;

  /// What the parsers made and used during its life take counts here. Expat's functions get no
  /// pointer of ours, so that the thread knows it.
  class Use {
   public:
    explicit Use(CountingMemory& memory);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    CountingMemory* outer_;
  };

  /// For XML_ParserCreate_MM. A block is given back to where it was taken, also later.
  static const XML_Memory_Handling_Suite& suite();
  /// Expat was refused memory, because of the limit and not of the machine.
  bool over() const { return over_; }
  std::size_t limit() const { return limit_; }

 private:
  struct Block;
  static void* take(std::size_t bytes);
  static void* move(void* old, std::size_t bytes);
  static void give(void* memory);

  std::size_t limit_;
  std::size_t used_ = 0;
  bool over_ = false;
};

}  // namespace sfb::xml
