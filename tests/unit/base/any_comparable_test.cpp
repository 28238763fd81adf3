#include "agent/base/any_comparable.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfb {
namespace {

struct Person {
  std::string name;
  int age = 0;
  bool operator==(const Person&) const = default;
};

struct Other {
  std::string name;
  int age = 0;
  bool operator==(const Other&) const = default;
};

TEST(AnyComparable, ComparesValuesOfOneType) {
  const AnyComparable ann = Person{"Ann", 40};
  EXPECT_EQ(ann, AnyComparable(Person{"Ann", 40}));
  EXPECT_NE(ann, AnyComparable(Person{"Ann", 41}));
  EXPECT_NE(ann, AnyComparable(Other{"Ann", 40})) << "the same members, another type";
  AnyComparable copy = ann;
  EXPECT_EQ(copy, ann);
  copy = std::vector<int>{1, 2};
  EXPECT_NE(copy, ann);
  EXPECT_EQ(copy, AnyComparable(std::vector<int>{1, 2}));
}

TEST(AnyComparable, NoneEqualsNoneOnly) {
  EXPECT_TRUE(AnyComparable().empty());
  EXPECT_EQ(AnyComparable(), AnyComparable());
  EXPECT_NE(AnyComparable(), AnyComparable(0));
  EXPECT_NE(AnyComparable(std::string()), AnyComparable());
  EXPECT_FALSE(AnyComparable(std::string()).empty());
}

TEST(AnyComparable, LiteralsAreTexts) {
  const std::string text = "as before";
  EXPECT_EQ(AnyComparable("as before"), AnyComparable(text));
  EXPECT_NE(AnyComparable("as before"), AnyComparable("another"));
}

}  // namespace
}  // namespace sfb
