/* Every shape of declaration that has a rule in the emitter but is not in linux/kvm.h. */
#include <linux/ioctl.h>
#include <linux/types.h>

enum shape_colour { SHAPE_RED = -1, SHAPE_GREEN, SHAPE_BLUE = 7 };
enum { SHAPE_LOOSE = 0x7fffffff, SHAPE_HUGE = 0x100000000, SHAPE_TWICE = 3 };
typedef enum { SHAPE_SMALL, SHAPE_LARGE } shape_measure;

struct shape_pair { __s16 left; __u16 right; };
typedef struct { double x, y; } shape_point;
typedef union { __u32 word; __u8 bytes[4]; } shape_word;
typedef __u8 shape_cookie[6];

struct shape_scalars {
  char character;
  signed char small;
  unsigned char byte;
  short half;
  int integer;
  long native;
  unsigned long unsigned_native;
  long long wide;
  unsigned long long unsigned_wide;
  _Bool flag;
  float single;
  double exact;
  long double precise;
#ifdef __SIZEOF_INT128__
  __int128 huge;
#endif
  void *address;
  int (*call)(int);
  enum shape_colour colour;
  shape_measure measure;
  struct shape_pair pair;
  shape_point point;
  shape_word word;
  shape_cookie cookie;
};

struct shape_arrays {
  __u8 grid[2][3];
  __s8 line[5];
  __s16 cube[2][3][4];
  __u32 single[1];
  __s32 signed_words[3];
  __s64 signed_wide[3];
  __u64 wide[2][2];
  _Bool flags[3];
  float floats[3];
  double doubles[2][2];
  long double precise[2];
  const char *names[2];
  struct shape_pair pairs[3];
  shape_word words[2][2];
  shape_cookie cookies[2];
  struct {
    __u16 head;
    union { __u32 raw; struct { __u8 vector; __u8 mode:3, set:1, :2, tail:2; } fields; };
    struct { __s64 deep; } inner[2];
  } table[2];
};

struct shape_bits {
  __u8 first;
  __u32 low:4;
  __s32 middle:7;
  _Bool flag:1;
  __u32 :0;
  __u32 all:32;
  __s32 signed_all:32;
  __u64 far:40;
  __s64 signed_far:24;
  __s64 near:20;
  __u64 most:43;
  __u64 whole:64;
  __s64 signed_most:60;
  __s16 nine:9;
  __u16 seven:7;
  enum shape_colour colour:4;
  __u8 last;
};

struct shape_packed_bits {
  __u8 first:3;
  __u32 across:30;
  __s64 far:50;
  __u64 beyond:61;
  __s32 end:31;
} __attribute__((packed));

struct shape_packed_end {
  __u8 tag;
  __u32 value:20;
} __attribute__((packed));

struct shape_packed {
  __u8 tag;
  __u64 wide;
  __s32 narrow;
  double exact;
  struct shape_pair pair;
} __attribute__((packed));

#pragma pack(push, 2)
struct shape_pragma { __u8 tag; __u64 wide; };
#pragma pack(pop)

struct shape_aligned {
  __u8 first;
  __u32 second __attribute__((aligned(16)));
} __attribute__((aligned(64)));

struct shape_orders {
  __u8 odd;
  __be16 be16;
  __be32 be32;
  __be64 be64;
  __le16 le16;
  __le32 le32;
  __le64 le64;
  __be64 wide[2][2];
  __le16 halves[3];
  __le64 little[2];
  __be32 words[2];
} __attribute__((packed));
struct shape_ordered { __be64 first; union { __be32 word; struct { __le16 low, high; } parts; } second; __be16 ports[2]; };

struct shape_text { char name[6]; char names[2][5]; char letter; enum shape_colour colours[2]; };

struct shape_packed_arrays {
  __u8 tag;
  __u64 wide[2];
  __s16 grid[2][3];
  struct shape_pair pairs[2];
  void *addresses[2];
  float singles[2];
} __attribute__((packed));

struct shape_nested {
  __u8 kind;
  union {
    struct {
      union { __u32 low; __s32 signed_low; };
      __u32 high;
    };
    __u64 both;
    struct { struct shape_bits bits; struct shape_packed packed; } parts;
  };
  struct shape_aligned aligned[2];
};

struct shape_rows { __u16 count; __u16 rows[][3]; };
struct shape_tail { __u64 count; struct { __u8 kind; __s32 value; } entries[]; };
struct shape_counted { __be16 count; struct shape_pair pairs[] __attribute__((counted_by(count))); };
struct shape_counted_wide { __le64 count; __be32 words[] __attribute__((counted_by(count))); };
struct shape_one { __u32 count; __u16 items[1]; };
struct shape_pointers { __u32 count; const void *items[]; };
struct shape_letters { __u32 count; char text[]; };
struct shape_none { __u32 count; struct shape_pair pairs[0]; };
struct shape_arms { __u32 kind; union { struct { struct { } empty; __u8 bytes[]; }; struct { struct { } none; __u64 words[]; }; }; };

#define SHAPE_POSITIVE 5
#define SHAPE_NEGATIVE (-5)
#define SHAPE_LEAST (-2147483647 - 1)
#define SHAPE_UNSIGNED 0xffffffffU
#define SHAPE_WIDE 0xfffffffffffffff0ULL
#define SHAPE_WIDE_LEAST (-9223372036854775807LL - 1)
#define SHAPE_WIDE_ZERO 0L
#define SHAPE_CHARACTER '\xff'
#define SHAPE_GREETING "a \"b\"\t\\" "c'\n"
#define SHAPE_GREEN SHAPE_GREEN
#define SHAPE_TWICE (SHAPE_TWICE + 1)
#define SHAPE_EMPTY
#define SHAPE_ADD(a, b) ((a) + (b))

#define SHAPE_RESET _IO('s', 0)
#define SHAPE_GET_PAIR _IOR('s', 1, struct shape_pair)
#define SHAPE_SET_POINT _IOW('s', 2, shape_point)
#define SHAPE_SWAP _IOWR('s', 3, struct shape_bits)
#define SHAPE_EXCHANGE SHAPE_SWAP
#define SHAPE_INT _IOR('s', 4, int)
#define SHAPE_UINT _IOR('s', 5, __u32)
#define SHAPE_LONG _IOR('s', 6, long)
#define SHAPE_U64 _IOW('s', 7, __u64)
#define SHAPE_BYTE _IOW('s', 8, __u8)
#define SHAPE_BYTES _IOW('s', 9, __u8[16])
#define SHAPE_WORDS _IOW('s', 10, __u32[4])
#define SHAPE_PAIRS _IOW('s', 11, struct shape_pair[2])
#define SHAPE_ADDRESS _IOW('s', 12, struct shape_pair *)
#define SHAPE_COLOUR _IOW('s', 13, enum shape_colour)
#define SHAPE_ORDERED _IOW('s', 14, __be32)
#define SHAPE_LAST SHAPE_COLOUR
