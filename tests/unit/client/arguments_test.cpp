// The command's arguments, as PowerShell would read them and as a Unix shell hands them over.
#include "agent/client/arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

constexpr std::string_view kHint = "write '$true' in quotes, or 1";

std::string joined(const Words& words) {
  std::string line;
  for (const std::string& word : words) {
    line += "[" + word + "]";
  }
  return line;
}

// The parsed arguments in one line, or the error text.
std::string read(const Words& words, int width = 500) {
  const auto parsed = parse_arguments(collectors::pool_status().cmdlet(), words, width);
  if (!parsed) {
    return parsed.error().text;
  }
  if (parsed->help) {
    return "help";
  }
  std::string line = parsed->pool + " " + parsed->as;
  line += parsed->edition.empty() ? "" : " edition=" + parsed->edition;
  line += parsed->view.empty() ? "" : " view=" + parsed->view;
  for (const collectors::Argument& argument : parsed->arguments) {
    if (argument.name == "Category") {
      line += " category=" + std::get<std::string>(argument.value);
    } else if (argument.name == "Force") {
      line += " force";
    } else {
      line += std::get<bool>(argument.value) ? " bypass=1" : " bypass=0";
    }
  }
  return line;
}

struct Case {
  Words words;
  std::string_view expected;
};

TEST(Arguments, EveryFormOfAName) {
  for (const Case& c : {
           Case{{"-PoolFqdn", "atl.example.com"}, "atl.example.com text"},
           Case{{"-poolfqdn", "ATL.Example.Com."}, "atl.example.com text"},
           Case{{"-p", "atl"}, "atl text"},
           Case{{"-PoolFqdn:atl"}, "atl text"},
           Case{{"-P:", "atl"}, "atl text"},
           Case{{"\u2013PoolFqdn", "atl"}, "atl text"},
           Case{{"\u2014Pool", "atl"}, "atl text"},
           Case{{"\u2015Pool:atl"}, "atl text"},
           Case{{"-p", "4711"}, "4711 text"},
           Case{{"-p", "-4711x"}, "error"},
           Case{{"-Force", "-Pool", "atl"}, "atl text force"},
           Case{{"-p", "atl", "-c", "cms"}, "atl text category=CMS"},
           Case{{"-p", "atl", "-Category:u"}, "atl text category=UserData"},
           Case{{"-p", "atl", "-c", "RGS", "-f", "-b", "1"},
                "atl text category=RGS force bypass=1"},
       }) {
    if (c.expected == "error") {
      EXPECT_THAT(read(c.words), HasSubstr("Get-CsBackupServiceStatus : ")) << joined(c.words);
    } else {
      EXPECT_EQ(read(c.words), c.expected) << joined(c.words);
    }
  }
}

TEST(Arguments, FlagsInEveryForm) {
  for (const Case& c : {
           Case{{"-b", "1"}, "atl text bypass=1"},
           Case{{"-b", "0"}, "atl text bypass=0"},
           Case{{"-b", "$true"}, "atl text bypass=1"},
           Case{{"-BypassDualWrite:$FALSE"}, "atl text bypass=0"},
           Case{{"-BypassDualWrite:", "$true"}, "atl text bypass=1"},
           Case{{"-Force:$true"}, "atl text force"},
           Case{{"-Force:$false"}, "atl text"},
           Case{{"-Force:0"}, "atl text"},
           Case{{"-Force:", "1"}, "atl text force"},
           Case{{"-Force:$null"}, "atl text force"},
           Case{{"-Force:2"}, "atl text force"},
           // Any number is a Boolean.
           Case{{"-BypassDualWrite", "0.5"}, "atl text bypass=1"},
           Case{{"-b", ".5"}, "atl text bypass=1"},
           Case{{"-b", "2"}, "atl text bypass=1"},
           Case{{"-b", "1e3"}, "atl text bypass=1"},
           Case{{"-b:0x1F"}, "atl text bypass=1"},
           Case{{"-b", "0.0"}, "atl text bypass=0"},
           Case{{"-b", "0x0"}, "atl text bypass=0"},
       }) {
    Words words = {"-PoolFqdn", "atl"};
    words.insert(words.end(), c.words.begin(), c.words.end());
    EXPECT_EQ(read(words), c.expected) << joined(words);
  }
}

TEST(Arguments, TheOutputForm) {
  EXPECT_EQ(read({"-p", "atl", "-As", "Json"}), "atl json");
  EXPECT_EQ(read({"-p", "atl", "-a", "clixml"}), "atl clixml");
  EXPECT_EQ(read({"-p", "atl", "-As:t"}), "atl text");
  EXPECT_THAT(read({"-p", "atl", "-As", "xml"}),
              AllOf(HasSubstr("Cannot bind parameter 'As'."), HasSubstr("Text, Json, Clixml")));
}

TEST(Arguments, TheEditionAndTheView) {
  EXPECT_EQ(read({"-p", "atl", "-Edition", "5.1"}), "atl text edition=5.1");
  EXPECT_EQ(read({"-p", "atl", "-e", "7", "-vi", "l"}), "atl text edition=7 view=list");
  EXPECT_EQ(read({"-p", "atl", "-Edition:3.0", "-View:AUTOSIZE"}),
            "atl text edition=3.0 view=autosize");
  EXPECT_EQ(read({"-p", "atl", "-Edition", "4.0", "-As", "json"}), "atl json edition=4.0");
  for (const std::string_view word : {"6", "5", "5.10", "", "$null"}) {
    EXPECT_THAT(read({"-p", "atl", "-Edition", std::string(word)}),
                AllOf(HasSubstr("Cannot validate argument on parameter 'Edition'. The argument \""),
                      HasSubstr("is none of 3.0, 4.0, 5.1 and 7."),
                      HasSubstr("FullyQualifiedErrorId : ParameterArgumentValidationError")))
        << word;
  }
  EXPECT_THAT(read({"-p", "atl", "-Edition", "5.1,7"}), HasSubstr("by parameter 'Edition'."));
  EXPECT_THAT(read({"-p", "atl", "-View", "grid"}), HasSubstr("List, Table, Autosize, Wrap"));
}

TEST(Arguments, TheModulesInsteadOfTheObject) {
  const auto target = [](const std::vector<std::string>& arguments) {
    return request_target(
        parse_arguments(collectors::pool_status().cmdlet(), arguments, 80).value(), 80);
  };
  EXPECT_THAT(target({"-PoolFqdn", "atl", "-ExpandProperty", "backupmodules"}),
              HasSubstr("&expand=BackupModules"));
  EXPECT_THAT(target({"-p", "atl", "-ex", "BackupModules", "-As", "json"}),
              HasSubstr("&expand=BackupModules"));
  EXPECT_THAT(target({"-p", "atl"}), ::testing::Not(HasSubstr("expand")));
  EXPECT_THAT(read({"-p", "atl", "-ExpandProperty", "Modules"}),
              HasSubstr("Cannot bind parameter 'ExpandProperty'."));
  EXPECT_THAT(read({"-p", "atl", "-ExpandProperty", ""}),
              HasSubstr("parameter 'ExpandProperty'. The argument is null or empty."));
  EXPECT_THAT(usage(collectors::pool_status().cmdlet()),
              HasSubstr("[-ExpandProperty {BackupModules}]"));
}

TEST(Arguments, WhatDoesNotGoTogether) {
  EXPECT_THAT(read({"-p", "7", "-As", "Clixml", "-Edition", "7"}, 120),
              AllOf(HasSubstr("The argument \"7\" does not go with -As"),
                    HasSubstr("+ Get-CsBackupServiceStatus -p 7 -As Clixml -Edition 7\n"
                              "+                                                    ~\n")));
  for (const char* form : {"Json", "Clixml"}) {
    EXPECT_THAT(read({"-p", "atl", "-View", "List", "-As", form}),
                AllOf(HasSubstr("parameter 'View'"), HasSubstr("only text has a view.")));
  }
}

TEST(Arguments, Help) {
  for (const Words& words : {Words{"-?"}, Words{"--help"}, Words{"-h"}, Words{"-Force", "-?"}}) {
    EXPECT_EQ(read(words), "help") << joined(words);
  }
  for (const std::string_view part :
       {"-PoolFqdn", "-Category", "-Force", "-BypassDualWrite", "-As",
        "-Edition {3.0 | 4.0 | 5.1 | 7}", "-View {List | Table | Autosize | Wrap}",
        "SFB_BACKUP_EXPORTER_URL", "unix:/", "Exit codes"}) {
    EXPECT_THAT(usage(collectors::pool_status().cmdlet()), HasSubstr(part));
  }
}

// A beginning that PowerShell knows means its own parameter; ours are found by what is left.
TEST(Arguments, AShortNameMeansWhatPowerShellMeans) {
  for (const Words& words :
       {Words{"-p", "atl", "-V"}, Words{"-p", "atl", "-v", "list"}, Words{"-V", "-p", "atl"}}) {
    EXPECT_THAT(read(words),
                AllOf(HasSubstr("The common parameter 'Verbose' is not supported here."),
                      HasSubstr("is -Verbose as in PowerShell: for the other write -View.")))
        << joined(words);
  }
  EXPECT_EQ(read({"-p", "atl", "-Vi", "List"}), "atl text view=list");
  EXPECT_THAT(read({"-p", "atl", "-Verb"}), Not(HasSubstr("-View")));
  const binding::Cmdlet& store = **std::ranges::find(
      collectors::cmdlets(), std::string_view("Get-CsManagementStoreReplicationStatus"),
      &binding::Cmdlet::name);
  const auto via = parse_arguments(store, {"-V", "atl"}, 500);
  ASSERT_FALSE(via);
  EXPECT_THAT(via.error().text, HasSubstr("common parameter 'Verbose'"));
  EXPECT_TRUE(parse_arguments(store, {"-Via", "atl"}, 500));
}

TEST(Arguments, APoolWithoutItsNameIsRefusedWithAHint) {
  EXPECT_THAT(read({"ATL.example.com"}, 120),
              AllOf(HasSubstr("A positional parameter cannot be found that accepts argument "
                              "'ATL.example.com'."),
                    testing::EndsWith("The pool needs its name: -PoolFqdn ATL.example.com\n")));
  EXPECT_THAT(read({"-Force", "atl", "-c", "CMS"}), HasSubstr("-PoolFqdn atl\n"));
  for (const Words& words :
       {Words{"-p", "atl", "chi"}, Words{"-c", "CMS"}, Words{"a b"}, Words{"--force"}}) {
    EXPECT_THAT(read(words), Not(HasSubstr("needs its name"))) << joined(words);
  }
}

// A pasted escape sequence does nothing, a pasted file does not flood the screen.
TEST(Arguments, WhatIsEchoedIsEscapedAndCapped) {
  const std::string escape = "a\x1b[31m";
  const std::string flood(100'000, 'x');
  for (const Words& words :
       {Words{"-p", escape}, Words{"-p", "atl", escape}, Words{"-p", "atl", "-n" + escape},
        Words{"-p", "atl", "-c", escape}, Words{"-p", "atl", "-Edition", escape}}) {
    EXPECT_THAT(read(words), AllOf(Not(HasSubstr("\x1b")), HasSubstr("[31m"))) << joined(words);
  }
  for (const Words& words :
       {Words{"-p", flood}, Words{"-p", "atl", flood}, Words{"-p", "atl", "-n" + flood},
        Words{"-p", "atl", "-c", flood}, Words{"-p", "atl", "-Edition", flood}}) {
    EXPECT_LT(read(words).size(), 2000U) << words.back().size();
  }
}

TEST(Arguments, Version) {
  const auto parsed = parse_arguments(collectors::pool_status().cmdlet(), {"--version"}, 80);
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->version);
}

// PowerShell's own words, its position and its error id, for everything it refuses.
TEST(Arguments, ErrorsAreThoseOfPowerShell) {
  struct ErrorCase {
    Words words;
    std::string_view message;
    std::string_view id;
  };
  for (const ErrorCase& c : {
           ErrorCase{{}, "missing mandatory parameters: PoolFqdn", "MissingMandatoryParameter"},
           ErrorCase{{"-PoolFqdn", "atl", "-BypassDualWrite", "-1"},  // a sign makes it text
                     "Cannot convert 'System.String' to the type 'System.Boolean'",
                     "CannotConvertArgument"},
           ErrorCase{
               {"-Force"}, "missing mandatory parameters: PoolFqdn", "MissingMandatoryParameter"},
           ErrorCase{
               {"-PoolFqdn"}, "Missing an argument for parameter 'PoolFqdn'", "MissingArgument"},
           ErrorCase{{"-PoolFqdn", "-Force"},
                     "Missing an argument for parameter 'PoolFqdn'",
                     "MissingArgument"},
           ErrorCase{
               {"-PoolFqdn:"}, "Missing an argument for parameter 'PoolFqdn'", "MissingArgument"},
           ErrorCase{{"-p", "atl", "-Nonsense", "1"},
                     "matches parameter name 'Nonsense'",
                     "NamedParameterNotFound"},
           ErrorCase{{"-p", "atl", "-Pool=x"},
                     "matches parameter name 'Pool=x'",
                     "NamedParameterNotFound"},
           ErrorCase{{"-p", "atl", "--force"}, "", "PositionalParameterNotFound"},
           ErrorCase{{"atl"}, "argument 'atl'", "PositionalParameterNotFound"},
           ErrorCase{
               {"-p", "atl", "--", "-Force"}, "argument '-Force'", "PositionalParameterNotFound"},
           ErrorCase{{"-p", "atl", "-POOL", "chi"},
                     "'PoolFqdn' is specified more than once",
                     "ParameterAlreadyBound"},
           ErrorCase{
               {"-p", ""}, "The argument is null or empty", "ParameterArgumentValidationError"},
           ErrorCase{
               {"-p", "atl,chi"}, "Cannot convert 'System.Object[]'", "CannotConvertArgument"},
           ErrorCase{{"-p", "atl", "-c", "Foo"}, "Cannot bind parameter 'Category'", ""},
           ErrorCase{{"-p", "atl", "-c", "1"}, "numbers of this enumeration are not known", ""},
           ErrorCase{{"-p", "atl", "-c", "CMS,RGS"}, "Only one enumerator name can be given", ""},
           ErrorCase{{"-p", "atl", "-b", "true"},
                     "Cannot convert 'System.String'",
                     "CannotConvertArgument"},
           ErrorCase{{"-p", "atl", "-b", "$null"}, "because it is null", ""},
           ErrorCase{{"-p", "atl", "-Verbose"},
                     "common parameter 'Verbose' is not supported here",
                     "CommonParameterNotSupported"},
           ErrorCase{{"-p", "a b"},
                     "Cannot bind parameter 'PoolFqdn'. Cannot convert value \"a b\"",
                     "CannotConvertArgumentNoMessage"},
           ErrorCase{{"-p", "../../etc/passwd"},
                     "Microsoft.Rtc.Management.Deploy.Fqdn",
                     "CannotConvertArgumentNoMessage"},
       }) {
    const std::string text = read(c.words);
    EXPECT_THAT(text, AllOf(testing::StartsWith("Get-CsBackupServiceStatus : "),
                            HasSubstr(c.message), HasSubstr("At line:1 char:"), HasSubstr("~\n"),
                            HasSubstr("+ CategoryInfo          : "),
                            HasSubstr("+ FullyQualifiedErrorId : " + std::string(c.id))))
        << joined(c.words);
    EXPECT_THAT(text, Not(HasSubstr(kHint))) << joined(c.words);
    EXPECT_EQ(text.back(), '\n') << joined(c.words);
  }
}

TEST(Arguments, TheErrorPointsAtTheWord) {
  EXPECT_THAT(read({"-p", "atl", "-Nonsense", "1"}, 120),
              HasSubstr("At line:1 char:34\n"
                        "+ Get-CsBackupServiceStatus -p atl -Nonsense 1\n"
                        "+                                  ~~~~~~~~~\n"));
  EXPECT_THAT(read({"-Category", "CMS", "-p", "a b"}, 120),
              HasSubstr("+ Get-CsBackupServiceStatus -Category CMS -p 'a b'\n"
                        "+                                            ~~~~~\n"));
}

TEST(Arguments, ErrorsFitTheTerminal) {
  const std::string text = read({"-p", "atl", "-Category", "Foo"}, 60);
  std::size_t start = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    EXPECT_LE(end - start, 60U) << text.substr(start, end - start);
    start = end + 1;
  }
}

// bash, dash and zsh turn an unquoted $true into nothing: PowerShell's error, and why.
TEST(Arguments, WhatTheShellSwallowedIsExplained) {
  for (const Words& words : {
           Words{"-p", "atl", "-BypassDualWrite"},
           Words{"-p", "atl", "-b"},
           Words{"-BypassDualWrite", "-p", "atl"},
           Words{"-p", "atl", "-BypassDualWrite:"},
           Words{"-BypassDualWrite:", "-p", "atl"},
           Words{"-p", "atl", "-Force:"},
           Words{"-Force:", "-p", "atl"},
           Words{"-f:", "-p", "atl"},
           Words{"-p", "atl", "-BypassDualWrite", ""},
           Words{"-p", "atl", "-Force:", ""},
       }) {
    const std::string text = read(words);
    EXPECT_THAT(text, AllOf(testing::StartsWith("Get-CsBackupServiceStatus : "),
                            HasSubstr("+ FullyQualifiedErrorId : "), HasSubstr(kHint)))
        << joined(words);
  }
  EXPECT_THAT(read({"-p", "atl", "-BypassDualWrite"}),
              HasSubstr("Missing an argument for parameter 'BypassDualWrite'. Specify a parameter "
                        "of type 'System.Boolean' and try again."));
  EXPECT_THAT(read({"-Force:", "-p", "atl"}),
              HasSubstr("Missing an argument for parameter 'Force'"));
}

TEST(Arguments, TheRequestsTarget) {
  constexpr std::string_view kPath = "/api/v1/Get-CsBackupServiceStatus?PoolFqdn=";
  Arguments arguments;
  arguments.cmdlet = &collectors::pool_status().cmdlet();
  arguments.pool = "atl.example.com";
  arguments.typed = {{"PoolFqdn", "atl.example.com"}};
  EXPECT_EQ(request_target(arguments, 120),
            std::string(kPath) + "atl.example.com&as=text&width=120");
  EXPECT_THAT(request_target(arguments, 1), HasSubstr("&width=20"));
  EXPECT_THAT(request_target(arguments, 9999), HasSubstr("&width=500"));
  arguments.typed.insert(arguments.typed.end(),
                         {{"Category", "CMS"}, {"Force", "true"}, {"BypassDualWrite", "true"}});
  arguments.as = "clixml";
  EXPECT_EQ(request_target(arguments, 80),
            std::string(kPath) +
                "atl.example.com&Category=CMS&Force=true&BypassDualWrite=true&as=clixml&width=80");
  arguments.typed.back().value = "false";
  EXPECT_THAT(request_target(arguments, 80), HasSubstr("&BypassDualWrite=false&"));
  arguments.edition = "5.1";
  arguments.view = "list";
  EXPECT_THAT(request_target(arguments, 80),
              testing::EndsWith("&as=clixml&width=80&edition=5.1&view=list"));
  arguments.typed.at(0).value = "a b&c=d#e%+\u00e9";
  arguments.typed.at(1).value = "\r\n";
  EXPECT_THAT(
      request_target(arguments, 80),
      testing::StartsWith(std::string(kPath) + "a%20b%26c%3Dd%23e%25%2B%C3%A9&Category=%0D%0A&"));
}

// The agent binds as the command does, so its error texts show the line that was typed.
TEST(Arguments, TheRequestHasTheParametersAsTheyWereTyped) {
  const auto target = [](const binding::Cmdlet& cmdlet, const Words& words) {
    const std::string text = request_target(parse_arguments(cmdlet, words, 80).value(), 80);
    return text.substr(text.find('?') + 1);
  };
  const binding::Cmdlet& status = collectors::pool_status().cmdlet();
  EXPECT_EQ(target(status, {"-p", "ATL.Example.com."}), "p=ATL.Example.com.&as=text&width=80");
  EXPECT_EQ(target(status, {"-f", "-Pool:atl", "-c", "u", "-B", "$TRUE"}),
            "f&Pool=atl&c=u&B=true&as=text&width=80");
  EXPECT_EQ(target(status, {"-Force:$null", "-As", "Json", "-p", "4711", "-b", "0.5"}),
            "Force=true&p=4711&b=0.5&as=json&width=80");
}

}  // namespace
}  // namespace sfb::client
