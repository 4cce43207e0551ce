// patch/writer.hpp - writes jsonb front to back, copying runs of children from existing containers.
//
// The one primitive under every edit. Output is canonical, that is byte for byte what PostgreSQL's own serialiser
// makes: entries 0, 32, 64, ... of a container are offsets and all others lengths; numerics and containers are
// 4-aligned by zero bytes in front, which belong to the child's length. The algorithm is explained in writer.cpp.
// One buffer in CurrentMemoryContext, sized by the caller's upper bound.
#pragma once

#include "patch/container.hpp"

namespace tviews::patch {

class Writer {
  public:
    // A container being written. Children must be written in order, exactly as many as begin() announced.
    struct Frame {
        std::size_t header; // offsets from the datum's start
        std::size_t data;
        uint32 next; // entry to be written next
    };

    // `bound`: an upper bound of the whole datum's size, header included.
    explicit Writer(std::size_t bound);

    // `kind`: JB_FOBJECT or JB_FARRAY; `count`: pairs or elements.
    Frame begin(uint32 kind, uint32 count);
    void put(Frame &frame, const Value &value);
    // Copies children [from, to) of `source`.
    void run(Frame &frame, Container source, uint32 from, uint32 to);
    // A child that is written in place: begin() .. end() of its own frame stand between open() and close().
    std::size_t open();
    void close(Frame &frame, std::size_t opened);
    // Raises an error if the container is larger than jsonb can hold.
    void end(const Frame &frame) const;

    Jsonb *finish();

  private:
    void pad();
    void copy(const char *bytes, std::size_t length);
    uint32 *entries(const Frame &frame) const {
        return reinterpret_cast<uint32 *>(buffer_ + frame.header) + 1;
    }
    void entry(Frame &frame, uint32 type, std::size_t start);
    void copy_entries(Frame &frame, Container source, uint32 from, uint32 to, uint32 source_start,
                      uint32 shift);

    char *buffer_;
    std::size_t size_; // written so far
    std::size_t bound_;
};

} // namespace tviews::patch
