// sfb_lab: Microsoft's PowerShell engine as a test partner. README.md has the command lines.
using System.Globalization;
using Microsoft.PowerShell;

namespace Sfb.Lab;

internal static class Program
{
    private static int Main(string[] args)
    {
        // What the engine prints must not depend on the machine that runs the tests.
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
        Environment.SetEnvironmentVariable("POWERSHELL_UPDATECHECK", "Off");
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = Culture.UnitedStates;
        CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.CurrentUICulture = Culture.UnitedStates;
        try
        {
            return args switch
            {
                ["client", .. var rest] => Client.Run(rest),
                ["render", .. var rest] => Batch.Render(rest),
                ["clixml", .. var rest] => Batch.Clixml(rest),
                ["generate", .. var rest] => Batch.Generate(rest),
                ["bind", .. var rest] => Bind.Run(rest),
                _ => PowerShellProgram(args),
            };
        }
        catch (UsageException problem)
        {
            Console.Error.WriteLine("sfb_lab: " + problem.Message);
            return 2;
        }
    }

    /// <summary>pwsh itself, with two options more: -Scenario FILE and -Modules FOLDER.</summary>
    private static int PowerShellProgram(string[] args)
    {
        string modules = Path.Combine(AppContext.BaseDirectory, "modules", "plain");
        var rest = new List<string>();
        for (int i = 0; i < args.Length; i++)
        {
            string Path() => ++i < args.Length ? System.IO.Path.GetFullPath(args[i]) : throw new UsageException($"{args[i - 1]} needs a path behind it");
            switch (args[i].ToLowerInvariant())
            {
                case "-scenario": Environment.SetEnvironmentVariable(Scenario.Variable, Path()); break;
                case "-modules": modules = Path(); break;
                default: rest.Add(args[i]); break;
            }
        }
        string? inherited = Environment.GetEnvironmentVariable("PSModulePath");
        Environment.SetEnvironmentVariable("PSModulePath", string.IsNullOrEmpty(inherited) ? modules : modules + System.IO.Path.PathSeparator + inherited);
        try
        {
            Scenario.Read().Start();
        }
        catch (ScenarioException problem)
        {
            throw new UsageException(problem.Message);
        }
        return ConsoleShell.Start(bannerText: "", helpText: "see README.md of tests/lab/powershell", [.. rest]);
    }
}

/// <summary>A command line that cannot be understood: exit status 2.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>en-US with the patterns that Windows has for it; the newer Unicode tables have other blanks.</summary>
internal static class Culture
{
    internal static CultureInfo UnitedStates { get; } = Make();

    private static CultureInfo Make()
    {
        var culture = new CultureInfo("en-US", useUserOverride: false);
        DateTimeFormatInfo dates = culture.DateTimeFormat;
        (dates.ShortDatePattern, dates.LongDatePattern) = ("M/d/yyyy", "dddd, MMMM d, yyyy");
        (dates.ShortTimePattern, dates.LongTimePattern) = ("h:mm tt", "h:mm:ss tt");
        (dates.AMDesignator, dates.PMDesignator) = ("AM", "PM");
        return culture;
    }
}
