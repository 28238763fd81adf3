// Writes the invented pages in both formats for check_page.py: write_pages FOLDER.
#include "tests/exposition/synthetic_page.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

int main(int argc, char** argv) {
  using sfb::exposition::Format;
  if (argc != 2) {
    std::fputs("usage: write_pages FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  bool good = true;
  const auto write = [&](const std::string& name, const sfb::tests::SyntheticPage& page) {
    std::ofstream text(folder / (name + ".txt"), std::ios::binary);
    text << sfb::tests::write_page(page, Format::text_0_0_4);
    std::ofstream open(folder / (name + ".om"), std::ios::binary);
    open << sfb::tests::write_page(page, Format::openmetrics_1_0_0);
    good = good && text.flush() && open.flush();
  };
  write("pools", sfb::tests::synthetic_page(4));
  write("awkward", sfb::tests::awkward_page());
  if (!good) {
    std::fprintf(stderr, "write_pages: cannot write into %s\n", folder.c_str());
  }
  return good ? 0 : 1;
}
