/* SPDX-License-Identifier: MIT */
/* Carries in the program the report's script, its style sheet, and what draws charts without a
   page. The build gives the paths. */
        .section .rodata
        .global heapwise_script_begin, heapwise_script_end
        .global heapwise_style_begin, heapwise_style_end
        .hidden heapwise_script_begin, heapwise_script_end
        .hidden heapwise_style_begin, heapwise_style_end
        .global heapwise_drawing_begin, heapwise_drawing_end
        .hidden heapwise_drawing_begin, heapwise_drawing_end
heapwise_script_begin:
        .incbin HEAPWISE_SCRIPT
heapwise_script_end:
heapwise_style_begin:
        .incbin HEAPWISE_STYLE
heapwise_style_end:
heapwise_drawing_begin:
        .incbin HEAPWISE_DRAWING
heapwise_drawing_end:
        .section .note.GNU-stack, "", %progbits
