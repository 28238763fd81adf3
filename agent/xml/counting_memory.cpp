#include "agent/xml/counting_memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace sfb::xml {

namespace {

thread_local CountingMemory* in_use = nullptr;

}  // namespace

// Stands before each block.
struct alignas(std::max_align_t) CountingMemory::Block {
  CountingMemory* owner;
  std::size_t bytes;  // of the caller

  std::size_t whole() const { return sizeof(Block) + bytes; }
};

CountingMemory::Use::Use(CountingMemory& memory) : outer_(std::exchange(in_use, &memory)) {}

CountingMemory::Use::~Use() {
  in_use = outer_;
}

const XML_Memory_Handling_Suite& CountingMemory::suite() {
  static const XML_Memory_Handling_Suite kFunctions{take, move, give};
  return kFunctions;
}

void* CountingMemory::take(std::size_t bytes) {
  CountingMemory& memory = *in_use;
  if (bytes > memory.limit_ || memory.used_ + bytes + sizeof(Block) > memory.limit_) {
    memory.over_ = true;
    return nullptr;
  }
  void* const place = std::malloc(sizeof(Block) + bytes);
  if (place == nullptr) {
    return nullptr;
  }
  auto* const block = new (place) Block{&memory, bytes};
  memory.used_ += block->whole();
  return block + 1;
}

void* CountingMemory::move(void* old, std::size_t bytes) {
  // Both blocks are there while it is copied.
  void* const made = take(bytes);
  if (made != nullptr && old != nullptr) {
    std::memcpy(made, old, std::min(bytes, (static_cast<Block*>(old) - 1)->bytes));
    give(old);
  }
  return made;
}

void CountingMemory::give(void* memory) {
  if (memory != nullptr) {
    Block* const block = static_cast<Block*>(memory) - 1;
    block->owner->used_ -= block->whole();
    std::free(block);
  }
}

}  // namespace sfb::xml
