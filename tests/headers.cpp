// Holds nothing: the headers that all tests share are compiled with it (CMakeLists.txt).
