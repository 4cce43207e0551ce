// patch/writer.cpp - the splice: how a run of children moves without being decoded.
//
// When the children before a run change their total length by d bytes, the run's bytes move by d. What changes in them?
//  - Entries that hold lengths do not change; entries that hold end offsets grow by d.
//  - If d is a multiple of 4, all bytes including the padding stay the same: one memcpy.
//  - If not, strings just move, and the first aligned child (numeric or container) gets another padding, so that its
//    payload moves by a multiple of 4 after all. From the child after it on, the previous case holds.
// So a run costs at most two memcpys and one child written by itself. Entries are offsets at multiples of 32: when a run
// moves by a number of entries that is no multiple of 32, offsets become lengths and the reverse, and the entries are
// made anew from the running end; otherwise they are copied, adding d where the offset bit is set.
#include "patch/writer.hpp"

namespace tviews::patch {

// Compilers do not vectorise loops of unknown length at -O2.
using FourEntries = uint32 __attribute__((vector_size(16)));
using FourSigned = int32 __attribute__((vector_size(16)));

Writer::Writer(std::size_t bound) : size_(VARHDRSZ), bound_(bound) {
    buffer_ = static_cast<char *>(MemoryContextAllocHuge(CurrentMemoryContext, bound));
}

inline void Writer::copy(const char *bytes, std::size_t length) {
    Assert(size_ + length <= bound_);
    if (length > 0)
        memcpy(buffer_ + size_, bytes, length);
    size_ += length;
}

inline void Writer::pad() {
    std::size_t const aligned = align4(size_);
    Assert(aligned <= bound_);
    while (size_ < aligned)
        buffer_[size_++] = '\0';
}

inline void Writer::entry(Frame &frame, uint32 type, std::size_t start) {
    uint32 const number = frame.next % JB_OFFSET_STRIDE == 0
                              ? JENTRY_HAS_OFF | static_cast<uint32>(size_ - frame.data)
                              : static_cast<uint32>(size_ - start);
    entries(frame)[frame.next++] = type | number;
}

Writer::Frame Writer::begin(uint32 kind, uint32 count) {
    Assert(size_ % 4 == 0);
    std::size_t const words = 1 + (kind == JB_FOBJECT ? std::size_t{2} * count : std::size_t{count});
    Frame const frame{size_, size_ + words * sizeof(uint32), 0};
    Assert(frame.data <= bound_);
    *reinterpret_cast<uint32 *>(buffer_ + size_) = kind | count;
    size_ = frame.data;
    return frame;
}

void Writer::put(Frame &frame, const Value &value) {
    std::size_t const start = size_;
    if (is_aligned_type(value.type))
        pad();
    copy(value.bytes, value.length);
    entry(frame, value.type, start);
}

std::size_t Writer::open() {
    std::size_t const start = size_;
    pad();
    return start;
}

void Writer::close(Frame &frame, std::size_t opened) { entry(frame, JENTRY_ISCONTAINER, opened); }

void Writer::run(Frame &frame, Container source, uint32 from, uint32 to) {
    if (from >= to)
        return;
    uint32 at = source.start(from);
    auto shift = static_cast<uint32>(size_ - frame.data) - at;
    if (shift % 4 != 0) {
        uint32 first_aligned = from, offset = at;
        while (first_aligned < to && !is_aligned_type(source.entry(first_aligned))) {
            offset = source.end(first_aligned, offset);
            first_aligned++;
        }
        copy(source.data() + at, offset - at);
        copy_entries(frame, source, from, first_aligned, at, shift);
        if (first_aligned == to)
            return;
        put(frame, source.child(first_aligned, offset));
        at = source.end(first_aligned, offset);
        from = first_aligned + 1;
        if (from == to)
            return;
        shift = static_cast<uint32>(size_ - frame.data) - at;
        Assert(shift % 4 == 0);
    }
    copy(source.data() + at, source.end(to - 1) - at);
    copy_entries(frame, source, from, to, at, shift);
}

// Entries of children [from, to), the first of which starts at source_start; their bytes have been copied, moved by
// `shift` (modulo 2^32: it may be negative).
void Writer::copy_entries(Frame &frame, Container source, uint32 from, uint32 to, uint32 source_start,
                          uint32 shift) {
    const uint32 *__restrict const old = source.entries() + from;
    uint32 *__restrict const fresh = entries(frame) + frame.next;
    uint32 const count = to - from;
    if ((frame.next ^ from) % JB_OFFSET_STRIDE == 0) {
        uint32 i = 0;
        for (; i + 4 <= count; i += 4) {
            FourEntries four;
            memcpy(&four, old + i, sizeof(four));
            four += shift & reinterpret_cast<FourEntries>(reinterpret_cast<FourSigned>(four) >> 31);
            memcpy(fresh + i, &four, sizeof(four));
        }
        for (; i < count; i++)
            fresh[i] = old[i] + (shift & static_cast<uint32>(static_cast<int32>(old[i]) >> 31));
    } else {
        uint32 end = source_start, start = source_start;
        for (uint32 i = 0; i < count; i++) {
            uint32 const number = old[i] & JENTRY_OFFLENMASK;
            end = (old[i] & JENTRY_HAS_OFF) != 0 ? number : end + number;
            fresh[i] =
                (old[i] & JENTRY_TYPEMASK) |
                ((frame.next + i) % JB_OFFSET_STRIDE == 0 ? JENTRY_HAS_OFF | (end + shift) : end - start);
            start = end;
        }
    }
    frame.next += count;
}

void Writer::end(const Frame &frame) const {
    auto const *const header = reinterpret_cast<const uint32 *>(buffer_ + frame.header);
    bool const object = (*header & JB_FOBJECT) != 0;
    Assert(frame.next == (*header & JB_CMASK) * (object ? 2 : 1));
    if (size_ - frame.header > JENTRY_OFFLENMASK)
        ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                errmsg("total size of jsonb %s elements exceeds the maximum of %d bytes",
                       object ? "object" : "array", JENTRY_OFFLENMASK));
}

Jsonb *Writer::finish() {
    auto *const document = reinterpret_cast<Jsonb *>(buffer_);
    SET_VARSIZE(document, size_);
    return document;
}

} // namespace tviews::patch
