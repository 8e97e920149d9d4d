"""The Linux commands `ip` and `bridge` in iproute2's own words: one file or folder an object.

How an object is added, say `ip route`:

1. `tool_ip.py` has a row for every object, in the program's order of abbreviation. Put the module's
   name there: `("route", "nslab.ip.route")`. A row without a module is handed to the real program.
2. The module has `COMMANDS`, in the order in which abbreviations are tried, and `BARE`, the command
   that runs when none is named:

       COMMANDS = {"[add]": add, "[list]": show, "[show]": show, "[help]": help_of(USAGE)}
       BARE = "[list]"

   The part in brackets may be left out, all of it or its end: `[list]` is matched by `l`, `li`, …;
   `dev` by nothing but `dev`; `br[oadcast]` by `br`, `bro`, …. A value may be a string
   "module:function" instead, which is imported when it runs: keep `show` and `set` apart, so that
   each loads only what it needs (`python -X importtime -m nslab ip …` shows it).
3. A command is `def add(program: Program, words: Words) -> None`.
   - `words` is the cursor: `while words:` … `words.take()` gives the next word or ends with
     "Command line is not complete", `find(word, TABLE)` looks an abbreviation up.
   - `words.py` has the complaints (`wrong`, `duplicate`, `garbage`, `required`): raise them.
     Anything else that fails raises `IpError(message, exit_code)`: 1 what we found wrong, 2 what
     the kernel refused; `ends_batch=True` with 255 is for wrong command lines.
   - `program.talk(request)`, `.get(request, Message)`, `.dump(request, Message)` speak to the
     kernel and turn its refusals into iproute2's messages. `program.options` are the global ones.
     `program.links` knows ifindexes: `program.links.index("eth0")` raises 'Cannot find device'.
   - `program.out` writes text or JSON from one code: `out.begin()`, `out.open()` (an object),
     `out.put(key, "text %s ", value)`, `out.text(...)`, `out.json(...)`, `out.newline()`,
     `out.close()`, `out.end()`. Colours are words of `output.COLOURS`.
   - what is not implemented raises `Elsewhere()`, before anything was changed: the command is then
     handed to the real program, if there is one.
4. `tests/ip/cases/route.txt` has a row a command line; `tests/ip/test_compat.py` runs all rows with
   the real `ip` and with us and compares everything. Real output is the specification.

`program.py` runs a command line, `options.py` reads what stands before the object, `batch.py` reads
files of command lines, `inet.py` reads and writes addresses, `rtnames.py` the names of tables,
scopes and protocols, `handover.py` finds the real program.
"""
