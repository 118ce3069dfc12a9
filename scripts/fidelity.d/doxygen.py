# SPDX-License-Identifier: MIT
"""doxygen: 600 classes described. It keeps thousands of buffers of 4,097 bytes, nearly all empty."""
GROUP = "mended"
COMMAND = ["sh", "-c", "cd {inputs} && exec doxygen Doxyfile"]
WORDS = ("each", "value", "of", "the", "list", "is", "kept", "until", "a", "caller", "asks", "for",
         "it", "again", "or", "ends", "and", "then", "returned", "whole")


def make_input(folder, random):
    (folder / "Doxyfile").write_text(
        "INPUT=sources\nOUTPUT_DIRECTORY=made\nGENERATE_LATEX=NO\nQUIET=YES\nWARNINGS=NO\n"
        "EXTRACT_ALL=YES\nSOURCE_BROWSER=YES\n")
    (folder / "sources").mkdir()

    def sentence(words):
        return " ".join(random.choices(WORDS, k=words))

    for file in range(50):
        with open(folder / "sources" / f"part{file}.cc", "w") as out:
            for number in range(12):
                out.write(f"/** {sentence(20)} */\nclass Part{file}_{number} {{\n public:\n")
                for member in range(12):
                    out.write(f"  /** {sentence(12)} \\param a {sentence(3)} */\n"
                              f"  int member{member}(int a) {{ return a * {member}; }}\n")
                out.write("};\n")
