// Every form of the query's parameters: what is understood, and PowerShell's words for what is not.
#include "agent/serve/query_parse.hpp"

#include "tests/unit/serve/query_rig.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>

namespace sfb::serve {
namespace {

using testing::ask_for;
using testing::body_of;
using ::testing::HasSubstr;
using testing::header_of;
using ::testing::Not;
using ::testing::StartsWith;

std::string summary(const Query& query) {
  const format::Choice& choice = query.choice;
  std::string text = fmt::format(
      "{} [{}] {} {}", query.question.pool.str(), collectors::parameters_text(query.question),
      format::kForms.at(static_cast<std::size_t>(choice.as)).word, query.width);
  if (choice.edition) {
    constexpr std::string_view kEditions[] = {"4.0", "5.1", "7"};
    text += fmt::format(" edition={}", kEditions[static_cast<std::size_t>(*choice.edition)]);
  }
  if (choice.view != format::View::automatic) {
    text +=
        fmt::format(" view={}", format::kViews.at(static_cast<std::size_t>(choice.view) - 1).word);
  }
  return text + (query.max_age ? fmt::format(" max_age={}", query.max_age->count()) : "");
}

struct Good {
  const char* query;
  const char* expected;  ///< summary
};

class GoodQuery : public ::testing::TestWithParam<Good> {};

TEST_P(GoodQuery, IsUnderstood) {
  const auto parsed = parse_query_request(ask_for(GetParam().query));
  ASSERT_TRUE(parsed.has_value()) << GetParam().query << '\n' << body_of(parsed.error());
  EXPECT_EQ(summary(*parsed), GetParam().expected) << GetParam().query;
}

constexpr Good kGood[] = {
    {"PoolFqdn=atl.example.com", "atl.example.com [] text 120"},
    {"poolfqdn=atl.example.com", "atl.example.com [] text 120"},
    {"p=atl.example.com", "atl.example.com [] text 120"},
    {"Pool=atl.example.com", "atl.example.com [] text 120"},
    {"PoolFqdn=ATL.Example.COM.", "atl.example.com [] text 120"},
    {"PoolFqdn=atl", "atl [] text 120"},
    {"PoolFqdn=1", "1 [] text 120"},
    {"PoolFqdn=true", "true [] text 120"},
    {"PoolFqdn=%61tl", "atl [] text 120"},
    {"&&PoolFqdn=atl&", "atl [] text 120"},
    {"PoolFqdn=atl&Category=CMS", "atl [-Category CMS] text 120"},
    {"PoolFqdn=atl&Category=cms", "atl [-Category CMS] text 120"},
    {"PoolFqdn=atl&category=u", "atl [-Category UserData] text 120"},
    {"PoolFqdn=atl&c=rg", "atl [-Category RGS] text 120"},
    {"PoolFqdn=atl&Force", "atl [-Force] text 120"},
    {"PoolFqdn=atl&Force=", "atl [-Force] text 120"},
    {"PoolFqdn=atl&Force=true", "atl [-Force] text 120"},
    {"PoolFqdn=atl&FORCE=True", "atl [-Force] text 120"},
    {"PoolFqdn=atl&f=1", "atl [-Force] text 120"},
    {"PoolFqdn=atl&Force=false", "atl [] text 120"},
    {"PoolFqdn=atl&Force=0", "atl [] text 120"},
    {"Force&PoolFqdn=atl", "atl [-Force] text 120"},
    {"PoolFqdn=atl&BypassDualWrite=true", "atl [-BypassDualWrite $true] text 120"},
    {"PoolFqdn=atl&BypassDualWrite=false", "atl [-BypassDualWrite $false] text 120"},
    {"PoolFqdn=atl&b=1", "atl [-BypassDualWrite $true] text 120"},
    {"PoolFqdn=atl&Force=2", "atl [-Force] text 120"},
    {"PoolFqdn=atl&BypassDualWrite=2", "atl [-BypassDualWrite $true] text 120"},
    {"PoolFqdn=atl&BypassDualWrite=0.5", "atl [-BypassDualWrite $true] text 120"},
    {"PoolFqdn=atl&BypassDualWrite=0.0", "atl [-BypassDualWrite $false] text 120"},
    {"PoolFqdn=atl&bypass=0", "atl [-BypassDualWrite $false] text 120"},
    {"PoolFqdn=atl&Category=RGS&Force&BypassDualWrite=1",
     "atl [-Category RGS -Force -BypassDualWrite $true] text 120"},
    {"PoolFqdn=atl&as=text", "atl [] text 120"},
    {"PoolFqdn=atl&as=json", "atl [] json 120"},
    {"as=clixml&PoolFqdn=atl", "atl [] clixml 120"},
    {"PoolFqdn=atl&width=20", "atl [] text 20"},
    {"PoolFqdn=atl&width=500", "atl [] text 500"},
    {"PoolFqdn=atl&max_age=0", "atl [] text 120 max_age=0"},
    {"PoolFqdn=atl&max_age=300", "atl [] text 120 max_age=300"},
    {"PoolFqdn=atl&edition=5.1", "atl [] text 120 edition=5.1"},
    {"PoolFqdn=atl&edition=4.0", "atl [] text 120 edition=4.0"},
    {"PoolFqdn=atl&edition=3.0", "atl [] text 120 edition=4.0"},
    {"edition=7&PoolFqdn=atl&view=autosize", "atl [] text 120 edition=7 view=autosize"},
    {"PoolFqdn=atl&view=list", "atl [] text 120 view=list"},
    {"PoolFqdn=atl&view=table", "atl [] text 120 view=table"},
    {"PoolFqdn=atl&view=wrap&as=text", "atl [] text 120 view=wrap"},
    {"PoolFqdn=atl&edition=7&as=json", "atl [] json 120 edition=7"},
    {"PoolFqdn=atl&as=json&edition=5.1", "atl [] json 120 edition=5.1"},
    {"PoolFqdn=atl&as=json&edition=3.0", "atl [] json 120 edition=4.0"},
};

INSTANTIATE_TEST_SUITE_P(Forms, GoodQuery, ::testing::ValuesIn(kGood));

struct Bad {
  const char* query;
  const char* code;  ///< FullyQualifiedErrorId
  const char* parameter;
  const char* message;  ///< a part of it
};

class BadQuery : public ::testing::TestWithParam<Bad> {};

TEST_P(BadQuery, IsRefusedInBothShapes) {
  const Bad& bad = GetParam();
  const auto as_text =
      parse_query_request(ask_for(std::string(bad.query) + "&width=500"), "request-1");
  ASSERT_FALSE(as_text.has_value()) << bad.query << ": " << summary(*as_text);
  EXPECT_EQ(as_text.error().status, 400);
  EXPECT_EQ(header_of(as_text.error(), "Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(header_of(as_text.error(), "X-Request-Id"), "request-1");
  EXPECT_EQ(header_of(as_text.error(), "Cache-Control"), "no-store");
  const std::string text = body_of(as_text.error());
  EXPECT_THAT(text, StartsWith("Get-CsBackupServiceStatus : "));
  EXPECT_THAT(text, HasSubstr(bad.message)) << bad.query;
  EXPECT_THAT(text, HasSubstr("\nAt line:1 char:")) << bad.query;
  EXPECT_THAT(text, HasSubstr(fmt::format("+ FullyQualifiedErrorId : {}\n", bad.code)));

  const auto as_json =
      parse_query_request(ask_for(bad.query, {{"Accept", "application/json"}}), "request-1");
  ASSERT_FALSE(as_json.has_value()) << bad.query;
  EXPECT_EQ(header_of(as_json.error(), "Content-Type"), "application/problem+json");
  const std::string json = body_of(as_json.error());
  EXPECT_THAT(json, HasSubstr("\"status\":400"));
  EXPECT_THAT(json, HasSubstr(fmt::format("\"code\":\"{}\"", bad.code)));
  EXPECT_THAT(json, HasSubstr("\"request_id\":\"request-1\""));
  if (*bad.parameter != '\0') {
    EXPECT_THAT(json, HasSubstr(fmt::format("\"parameter\":\"{}\"", bad.parameter)));
  } else {
    EXPECT_THAT(json, Not(HasSubstr("\"parameter\"")));
  }
}

constexpr const char* kNoMessage = "CannotConvertArgumentNoMessage";
constexpr const char* kValidation = "ParameterArgumentValidationError";

constexpr Bad kBad[] = {
    {"", "MissingMandatoryParameter", "PoolFqdn",
     "Cannot process command because of one or more missing mandatory parameters: PoolFqdn."},
    {"Force", "MissingMandatoryParameter", "PoolFqdn", "mandatory parameters: PoolFqdn."},
    {"PoolFqdn", "MissingArgument", "PoolFqdn", "Missing an argument for parameter 'PoolFqdn'."},
    {"PoolFqdn=", kValidation, "PoolFqdn", "The argument is null or empty."},
    {"PoolFqdn=a%20b", kNoMessage, "PoolFqdn", "only letters, digits, hyphens and dots"},
    {"PoolFqdn=a+b", kNoMessage, "PoolFqdn", "Cannot convert value \"a b\" to type "},
    {"PoolFqdn=-atl", kNoMessage, "PoolFqdn", "starts or ends with a hyphen"},
    {"PoolFqdn=a..b", kNoMessage, "PoolFqdn", "a label is empty"},
    {"PoolFqdn=atl,chi", kNoMessage, "PoolFqdn", "Cannot bind parameter 'PoolFqdn'."},
    {"PoolFqdn=atl&PoolFqdn=chi", "ParameterAlreadyBound", "PoolFqdn",
     "parameter 'PoolFqdn' is specified more than once."},
    {"PoolFqdn=atl&p=atl", "ParameterAlreadyBound", "PoolFqdn", "more than once"},
    {"PoolFqdn=atl&Force&Force=1", "ParameterAlreadyBound", "Force", "more than once"},
    {"PoolFqdn=atl&Foo=1", "NamedParameterNotFound", "Foo",
     "A parameter cannot be found that matches parameter name 'Foo'."},
    {"PoolFqdn=atl&target=x", "NamedParameterNotFound", "target", "parameter name 'target'."},
    {"PoolFqdn=atl&AS=json", "NamedParameterNotFound", "AS", "parameter name 'AS'."},
    {"PoolFqdn=atl&Max_Age=1", "NamedParameterNotFound", "Max_Age", "parameter name 'Max_Age'."},
    {"PoolFqdn=atl&Width=80", "NamedParameterNotFound", "Width", "parameter name 'Width'."},
    {"PoolFqdn&Nobody", kNoMessage, "PoolFqdn", "Cannot convert value \"-Nobody\""},
    {"PoolFqdn=atl&=x", "AmbiguousParameter", "", "parameter name '' is ambiguous."},
    {"PoolFqdn=atl&Verbose", "CommonParameterNotSupported", "Verbose",
     "'Verbose' is not supported"},
    {"PoolFqdn=atl&ea=Stop", "CommonParameterNotSupported", "ErrorAction", "'ErrorAction'"},
    {"PoolFqdn=atl&OutVariable=x", "CommonParameterNotSupported", "OutVariable", "'OutVariable'"},
    {"PoolFqdn=atl&Out=x", "AmbiguousParameter", "", "-OutVariable -OutBuffer."},
    {"PoolFqdn=atl&Category=Foo", kNoMessage, "Category",
     "Unable to match the identifier name Foo to a valid enumerator name."},
    {"PoolFqdn=atl&Category=", kNoMessage, "Category", "Cannot bind parameter 'Category'."},
    {"PoolFqdn=atl&Category", "MissingArgument", "Category",
     "Missing an argument for parameter 'Category'."},
    {"PoolFqdn=atl&Category=1", kNoMessage, "Category", "The numbers of this enumeration are not"},
    {"PoolFqdn=atl&Category=CMS,RGS", kNoMessage, "Category", "Only one enumerator name"},
    {"PoolFqdn=atl&Category=CMS&Category=RGS", "ParameterAlreadyBound", "Category", "more than"},
    {"PoolFqdn=atl&Force=yes", "CannotConvertArgument", "Force",
     "Cannot convert 'System.String' to the type "
     "'System.Management.Automation.SwitchParameter' required by parameter 'Force'."},
    {"PoolFqdn=atl&Force=$true", "CannotConvertArgument", "Force", "by parameter 'Force'."},
    {"PoolFqdn=atl&BypassDualWrite", "MissingArgument", "BypassDualWrite",
     "Specify a parameter of type 'System.Boolean'"},
    {"PoolFqdn=atl&BypassDualWrite=", "CannotConvertArgument", "BypassDualWrite",
     "Cannot convert 'System.String' to the type 'System.Boolean'"},
    {"PoolFqdn=atl&BypassDualWrite=yes", "CannotConvertArgument", "BypassDualWrite", "Boolean"},
    {"PoolFqdn=atl&BypassDualWrite=-1", "CannotConvertArgument", "BypassDualWrite", "Boolean"},
    {"PoolFqdn=atl&V", "CommonParameterNotSupported", "Verbose", "'Verbose' is not supported"},
    {"PoolFqdn=atl&V=list", "CommonParameterNotSupported", "Verbose", "'Verbose' is not"},
    {"PoolFqdn=atl&max_age", "MissingArgument", "max_age", "parameter of type 'System.Int32'"},
    {"PoolFqdn=atl&max_age=-1", kValidation, "max_age", "\"-1\" is not a whole number of seconds"},
    {"PoolFqdn=atl&max_age=5s", kValidation, "max_age", "\"5s\" is not a whole number"},
    {"PoolFqdn=atl&max_age=99999999999999999999", kValidation, "max_age", "is not a whole number"},
    {"PoolFqdn=atl&max_age=1&max_age=2", "ParameterAlreadyBound", "max_age", "more than once"},
    {"PoolFqdn=atl&edition=6", kValidation, "edition", "\"6\" is none of 3.0, 4.0, 5.1 and 7."},
    {"PoolFqdn=atl&edition=5.1.17763", kValidation, "edition", "is none of 3.0, 4.0, 5.1 and 7."},
    {"PoolFqdn=atl&edition=", "MissingArgument", "edition", "parameter of type 'System.String'"},
    {"PoolFqdn=atl&edition=5.1&edition=5.1", "ParameterAlreadyBound", "edition", "more than once"},
    {"PoolFqdn=atl&Edition=7", "NamedParameterNotFound", "Edition", "parameter name 'Edition'"},
    {"PoolFqdn=atl&view=List", kValidation, "view", "\"List\" is none of list, table, autosize"},
    {"PoolFqdn=atl&view=grid", kValidation, "view", "is none of list, table, autosize and wrap."},
    {"PoolFqdn=%zz", "url.escape", "", "cannot be read: a % is not followed by two hex digits"},
    {"PoolFqdn=%FF", "url.utf8", "", "a part of the query is not UTF-8"},
    {"PoolFqdn=a%00b", "url.nul", "", "a NUL character is not allowed"},
};

INSTANTIATE_TEST_SUITE_P(Forms, BadQuery, ::testing::ValuesIn(kBad));

TEST(QueryTable, HasEnoughRequests) {
  EXPECT_GE(std::size(kGood) + std::size(kBad), 60U);
}

std::string refused(const std::string& query) {
  const auto parsed = parse_query_request(ask_for(query));
  return parsed ? "understood: " + summary(*parsed) : body_of(parsed.error());
}

TEST(QueryText, IsPowerShellsByteForByte) {
  EXPECT_EQ(refused("PoolFqdn=atl.example.com&Category=Foo"),
            "Get-CsBackupServiceStatus : Cannot bind parameter 'Category'. Cannot convert value "
            "\"Foo\" to type \n"
            "\"Microsoft.Rtc.Management.Hadr.BackupService.BackupCategory\". Error: \"Unable to "
            "match the identifier name Foo to a \n"
            "valid enumerator name. Specify one of the following enumerator names and try again:\n"
            "UserData, CMS, RGS\"\n"
            "At line:1 char:63\n"
            "+ Get-CsBackupServiceStatus -PoolFqdn atl.example.com -Category Foo\n"
            "+                                                               ~~~\n"
            "    + CategoryInfo          : InvalidArgument: (:) [Get-CsBackupServiceStatus], "
            "ParameterBindingException\n"
            "    + FullyQualifiedErrorId : CannotConvertArgumentNoMessage\n"
            " \n");
}

TEST(QueryText, TheLineShowsParametersInTheOrderGiven) {
  EXPECT_THAT(
      refused("BypassDualWrite=1&Force=false&as=text&PoolFqdn=a%27b"),
      HasSubstr("+ ... BackupServiceStatus -BypassDualWrite 1 -Force:$false -PoolFqdn 'a''b'\n"
                "+                                                                    "
                "~~~~~~\n"));
}

TEST(QueryText, WhatIsEchoedIsEscapedAndCapped) {
  const std::string flood(10'000, 'x');
  for (const char* const start :
       {"PoolFqdn=", "PoolFqdn=atl&Category=", "PoolFqdn=atl&", "PoolFqdn=atl&edition="}) {
    EXPECT_THAT(refused(start + std::string("a%1b[31m")),
                AllOf(Not(HasSubstr("\x1b")), HasSubstr("[31m")))
        << start;
    EXPECT_LT(refused(start + flood).size(), 2000U) << start;
  }
}

TEST(QueryText, FollowsTheAskedWidth) {
  const std::string narrow = refused("Foo=1&width=30");
  for (std::size_t start = 0; start < narrow.size();) {
    const std::size_t end = narrow.find('\n', start);
    EXPECT_LE(end - start, 30U) << narrow;
    start = end + 1;
  }
  // A width that is wrong itself is complained about at the default one.
  for (const char* width : {"19", "501", "-20", "0x50", "80.0", "wide"}) {
    const std::string text = refused(std::string("PoolFqdn=atl&width=") + width);
    EXPECT_THAT(text, HasSubstr(fmt::format("Cannot validate argument on parameter 'width'. The "
                                            "value \"{}\" is not a whole number from",
                                            width)));
  }
  EXPECT_THAT(refused("PoolFqdn=atl&width"),
              HasSubstr("Missing an argument for parameter 'width'"));
  EXPECT_THAT(refused("PoolFqdn=atl&width=80&width=80"), HasSubstr("more than once"));
}

TEST(QueryText, AnUnknownFormIsRefusedAsText) {
  for (const char* form : {"xml", "JSON", "Text", "json "}) {
    EXPECT_THAT(refused(std::string("PoolFqdn=atl&width=500&as=") + form),
                HasSubstr("is none of text, json and clixml."))
        << form;
  }
  EXPECT_THAT(refused("PoolFqdn=atl&as"), HasSubstr("Missing an argument for parameter 'as'."));
  EXPECT_THAT(refused("PoolFqdn=atl&as=json&as=text"), HasSubstr("'as' is specified more than"));
}

TEST(QueryText, WhatDoesNotGoTogetherIsRefused) {
  constexpr std::string_view kEdition =
      "The value \\\"5.1\\\" does not go with as=clixml: CLIXML is the "
      "same in every edition. Leave the parameter out.";
  for (const char* query :
       {"PoolFqdn=atl&as=clixml&edition=5.1", "edition=5.1&PoolFqdn=atl&view=list&as=clixml"}) {
    EXPECT_THAT(refused(query), HasSubstr(kEdition)) << query;
  }
  EXPECT_THAT(refused("PoolFqdn=atl&as=json&view=wrap"),
              HasSubstr("\\\"wrap\\\" does not go with as=json: only text has a view. Leave"));
  EXPECT_THAT(refused("PoolFqdn=atl&as=clixml&view=wrap"), HasSubstr("does not go with as=clixml"));
  const auto accepted =
      parse_query_request(ask_for("PoolFqdn=atl&view=wrap", {{"Accept", "application/json"}}));
  EXPECT_FALSE(accepted.has_value()) << "the header asks for JSON";
}

TEST(QueryText, ManyParametersAreRefusedAtOnce) {
  std::string many = "PoolFqdn=atl";
  for (int i = 0; i < 5000; ++i) {
    many += "&f=";
  }
  EXPECT_THAT(refused(many), HasSubstr("has 5001 parameters; 32 are allowed."));
  EXPECT_THAT(refused(many), HasSubstr("FullyQualifiedErrorId : query.too_many_parameters"));
}

As form_for(const std::string& query, std::vector<http::Header> headers) {
  const auto parsed = parse_query_request(ask_for(query, std::move(headers)));
  return parsed ? parsed->choice.as : As::clixml;
}

TEST(QueryAccept, JsonMustBeNamedAndAsWins) {
  const std::string pool = "PoolFqdn=atl";
  EXPECT_EQ(form_for(pool, {{"Accept", "application/json"}}), As::json);
  EXPECT_EQ(form_for(pool, {{"accept", "Application/JSON; charset=utf-8"}}), As::json);
  EXPECT_EQ(form_for(pool, {{"Accept", "application/json, text/plain, */*"}}), As::json);
  EXPECT_EQ(form_for(pool, {{"Accept", "text/html"}, {"Accept", "application/json"}}), As::json);
  EXPECT_EQ(form_for(pool, {{"Accept", "text/plain, application/json;q=0.5"}}), As::text);
  EXPECT_EQ(form_for(pool, {{"Accept", "application/json;q=0"}}), As::text);
  EXPECT_EQ(form_for(pool, {{"Accept", "*/*"}}), As::text);
  EXPECT_EQ(form_for(pool, {{"Accept", "application/*"}}), As::text);
  EXPECT_EQ(form_for(pool, {}), As::text);
  EXPECT_EQ(form_for(pool + "&as=text", {{"Accept", "application/json"}}), As::text);
}

TEST(QueryLine, IsKeptForLaterErrors) {
  const auto parsed = parse_query_request(ask_for("p=ATL.example.com&as=json&Force"));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->line, "Get-CsBackupServiceStatus -p ATL.example.com -Force");
}

}  // namespace
}  // namespace sfb::serve
