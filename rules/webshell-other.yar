/* SPDX-License-Identifier: Apache-2.0 */
/* Web shells for Java, .NET, Python, Perl and Node.js servers. */

rule JSP_WebShell_Runtime_Exec
{
	meta:
		threat_name = "JSP.WebShell.RuntimeExec"
		severity = "critical"
		description = "Server page that starts a program named in the request"
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		attack = "T1505.003, T1059"
		author = "Ward"
	strings:
		$jsp1 = "<%"
		$jsp2 = "<jsp:scriptlet"
		$direct = /getRuntime\s*\(\s*\)\s*\.\s*exec\s*\(\s*[^;\n]{0,80}request\s*\.\s*getParameter\s*\(/
		$builder = /new\s+(java\.lang\.)?ProcessBuilder\s*\(\s*[^;\n]{0,120}request\s*\.\s*get(Parameter|Header)\s*\(/
		$exec = /(getRuntime\s*\(\s*\)\s*\.\s*exec\s*\(|new\s+(java\.lang\.)?ProcessBuilder\s*\()/
		$param = /request\s*\.\s*get(Parameter|Header|Reader|InputStream)\s*\(/
		$out = /(getInputStream|out\s*\.\s*print(ln)?)\s*\(/
	condition:
		filesize < 512KB and 1 of ($jsp*) and ($direct or $builder or ($exec and $param and $out))
}

rule JSP_WebShell_ClassLoader
{
	meta:
		threat_name = "JSP.WebShell.ClassLoader"
		severity = "critical"
		description = "Server page that defines and runs a class sent in the request"
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		attack = "T1505.003, T1620"
		author = "Ward"
	strings:
		$jsp1 = "<%"
		$jsp2 = "<jsp:"
		$define = /\bdefineClass\s*\(/
		$loader = /extends\s+(java\.lang\.)?ClassLoader/
		$input = /request\s*\.\s*get(Parameter|Reader|InputStream)\s*\(/
		$crypto = /(Cipher\s*\.\s*getInstance|BASE64Decoder|Base64\s*\.\s*getDecoder|Base64\.decode)/
		$new = /\.\s*newInstance\s*\(\s*\)\s*\.\s*equals\s*\(/
	condition:
		filesize < 512KB and 1 of ($jsp*) and $define and $input and ($loader or $new or $crypto)
}

rule ASP_WebShell_Eval_Request
{
	meta:
		threat_name = "ASP.WebShell.EvalRequest"
		severity = "critical"
		description = "Active server page that evaluates a request value"
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		attack = "T1505.003"
		author = "Ward"
	strings:
		$eval = /<%[^%]{0,200}\b(eval|execute|executeglobal)\s*\(?\s*\(?\s*request\s*(\.\s*(item|form|querystring))?\s*[\(\[]/ nocase
		$unsafe = /eval\s*\(\s*Request\s*\.?\s*(Item)?\s*\[\s*['"][^'"\n]{1,40}['"]\s*\]\s*,\s*['"]unsafe['"]\s*\)/ nocase
	condition:
		filesize < 512KB and any of them
}

rule ASPX_WebShell_Process
{
	meta:
		threat_name = "ASPX.WebShell.Process"
		severity = "critical"
		description = "ASP.NET page that starts a program with request data and prints its output"
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		attack = "T1505.003, T1059"
		author = "Ward"
	strings:
		$page = /<%@\s*(Page|WebHandler|WebService)\b/ nocase
		$process = /(System\.Diagnostics\.)?Process(StartInfo)?\b/
		$redirect = /RedirectStandardOutput\s*=\s*true/ nocase
		$cmd = /\b(cmd(\.exe)?|powershell(\.exe)?|\/bin\/(ba)?sh)\b/ nocase
		$input = /\b(Request\s*(\.\s*(Form|QueryString|Params|Item))?\s*[\[\(]|\.Text\b)/
	condition:
		filesize < 512KB and $page and $process and $redirect and $cmd and $input
}

rule ASPX_WebShell_Assembly_Load
{
	meta:
		threat_name = "ASPX.WebShell.AssemblyLoad"
		severity = "critical"
		description = "ASP.NET page that loads an assembly out of the request body"
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		attack = "T1505.003, T1620"
		author = "Ward"
	strings:
		$page = /<%@\s*(Page|WebHandler|WebService)\b/ nocase
		$load = /Assembly\s*\.\s*Load\s*\(|\.Load\s*\(\s*(new\s+)?[^;\n]{0,60}(Decrypt|TransformFinalBlock|FromBase64String)/
		$body = /Request\s*\.\s*(BinaryRead|InputStream|ContentLength)/
		$create = /\.\s*CreateInstance\s*\(/
	condition:
		filesize < 256KB and $page and $load and $body and $create
}

rule Python_WebShell_Cgi
{
	meta:
		threat_name = "Python.WebShell.CGI"
		severity = "high"
		description = "CGI or WSGI script that runs a request value in a shell"
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		attack = "T1505.003"
		author = "Ward"
	strings:
		$run = /(os\.(system|popen)|subprocess\.(Popen|call|run|check_output|getoutput)|commands\.getoutput)\s*\(\s*[^)\n]{0,60}(form\.getvalue|form\[['"]|FieldStorage\s*\(\s*\)|request\.(args|form|values|GET|POST)(\.get\s*\(|\s*\[)|QUERY_STRING)/
	condition:
		filesize < 128KB and $run
}

rule Perl_WebShell_Cgi
{
	meta:
		threat_name = "Perl.WebShell.CGI"
		severity = "high"
		description = "CGI script in Perl that runs a request value in a shell"
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		attack = "T1505.003"
		author = "Ward"
	strings:
		$cgi = /(use\s+CGI\b|\$ENV\{['"]?(QUERY_STRING|CONTENT_LENGTH)['"]?\})/
		$run = /(system|exec|open\s*\(\s*\w+\s*,|qx\s*[\{\(\/])\s*\(?\s*['"]?[^;\n]{0,40}(param\s*\(\s*['"](cmd|command|exec|c)['"]|\$(in|FORM|input|query)\{['"]?(cmd|command|exec|c)['"]?\})/
		$tick = /`[^`\n]{0,20}\$(in|FORM|input|query)\{['"]?(cmd|command|exec|c)['"]?\}[^`\n]{0,20}`/
	condition:
		filesize < 256KB and $cgi and any of ($run, $tick)
}

rule NodeJS_WebShell_Exec
{
	meta:
		threat_name = "NodeJS.WebShell.Exec"
		severity = "high"
		description = "HTTP handler that runs a request value in a shell"
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		attack = "T1505.003"
		author = "Ward"
	strings:
		$child = /require\s*\(\s*['"](node:)?child_process['"]\s*\)/
		$run = /\b(exec|execSync|spawn|spawnSync)\s*\(\s*(decodeURIComponent\s*\(\s*|String\s*\(\s*|Buffer\.from\s*\(\s*)?(req(uest)?\s*\.\s*(query|body|params|headers|cookies)|url\.parse\s*\(\s*req\.url[^;\n]{0,40}query)\s*(\.|\[)/
	condition:
		filesize < 512KB and $child and $run
}
