/* SPDX-License-Identifier: MIT */
/* Carries the report's script and style sheet in the program; the build gives both paths. */
        .section .rodata
        .global heapwise_script_begin, heapwise_script_end
        .global heapwise_style_begin, heapwise_style_end
        .hidden heapwise_script_begin, heapwise_script_end
        .hidden heapwise_style_begin, heapwise_style_end
heapwise_script_begin:
        .incbin HEAPWISE_SCRIPT
heapwise_script_end:
heapwise_style_begin:
        .incbin HEAPWISE_STYLE
heapwise_style_end:
        .section .note.GNU-stack, "", %progbits
