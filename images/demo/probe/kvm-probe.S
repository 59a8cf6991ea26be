# A guest for one question: does this host run ordinary 64-bit guests at hardware speed?
#
# /dev/kvm may open and yet not be what QEMU needs: the module may refuse guests, or interpret their kernel code one
# instruction after another, a thousand times too slow. So this tiny PVH kernel does what a kernel does when it starts
# and then counts: long mode with paging, its own GDT and IDT, CPL 0, cpuid, an MSR, SSE, a trap and a page fault, the
# interrupt flag, port output, and a loop of 100 million instructions. It ends QEMU through isa-debug-exit:
#
#   exit code 33: it all works;  35: it all works, and the CPU has TSC_DEADLINE (pit=off is possible)
#   exit code 3 to 31, odd:      the check of that number, (code-1)/2, failed
#   time-out or anything else:   KVM does not run it
#
# Build (development machine only):
#   as --64 -o kvm-probe.o kvm-probe.S && objcopy -O binary -j .text kvm-probe.o kvm-probe.bin
# and base64 of that is provider/assets/kvm-probe.base64.
# The file holds its own ELF header, so it needs no linker; the flat file is the kernel for QEMU's -kernel.

        .set    BASE, 0x100000
        .set    STACK, 0x180000         # grows down
        .set    TABLES, 0x190000        # PML4, PDPT, PD: one page each
        .set    IDT, 0x193000
        .set    UNMAPPED, 0x40000000    # the first address past the mapped gigabyte
        .set    EXIT_PORT, 0xf4
        .set    ROUNDS, 50000000        # of two instructions each

        .text
start:
elf:    .byte   0x7f, 'E', 'L', 'F', 2, 1, 1, 0
        .quad   0
        .word   2, 62                   # ET_EXEC, x86-64
        .long   1
        .quad   BASE + (entry32 - start)
        .quad   program - start, 0
        .long   0
        .word   64, 56, 2, 0, 0, 0
program:
        .long   1, 7                    # PT_LOAD, rwx
        .quad   0, BASE, BASE, end - start, end - start, 16
        .long   4, 4                    # PT_NOTE
        .quad   note - start, BASE + (note - start), BASE + (note - start), note_end - note, note_end - note, 4
note:   .long   4, 4, 18                # XEN_ELFNOTE_PHYS32_ENTRY
        .asciz  "Xen"
        .long   BASE + (entry32 - start)
note_end:

        # PVH starts here: 32-bit, flat, no paging.
        .code32
entry32:
        cli
        cld
        movl    $STACK, %esp
        xorl    %eax, %eax
        movl    $TABLES, %edi
        movl    $4096, %ecx             # the tables and the IDT: four pages
        rep stosl
        movl    $(TABLES + 0x1000 + 3), TABLES
        movl    $(TABLES + 0x2000 + 3), TABLES + 0x1000
        movl    $TABLES + 0x2000, %edi  # 512 pages of 2 MiB
        movl    $0x83, %eax
        movl    $512, %ecx
1:      movl    %eax, (%edi)
        addl    $0x200000, %eax
        addl    $8, %edi
        loop    1b
        movl    $TABLES, %eax
        movl    %eax, %cr3
        movl    %cr4, %eax
        orl     $0x620, %eax            # PAE, OSFXSR, OSXMMEXCPT
        movl    %eax, %cr4
        movl    $0xc0000080, %ecx       # EFER.LME
        rdmsr
        orl     $0x100, %eax
        wrmsr
        movl    %cr0, %eax
        andl    $~0x0c, %eax            # no EM, no TS
        orl     $0x80010003, %eax       # PG, WP, MP, PE
        movl    %eax, %cr0
        lgdt    BASE + (gdt_pointer - start)
        ljmp    $8, $(BASE + (entry64 - start))

        .code64
entry64:
        movl    $16, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        # Interrupt gates for #UD (6) and #PF (14).
        leaq    trap(%rip), %rax
        movl    $IDT + 6 * 16, %edi
        call    gate
        leaq    fault(%rip), %rax
        movl    $IDT + 14 * 16, %edi
        call    gate
        lidt    idt_pointer(%rip)

        movl    $1, %ebx                # 1: long mode is active
        movl    $0xc0000080, %ecx
        rdmsr
        testl   $0x400, %eax
        jz      failed

        incl    %ebx                    # 2: CPL 0, seen by an instruction that never traps
        movl    %cs, %eax
        cmpl    $8, %eax
        jne     failed

        incl    %ebx                    # 3: the GDT is the one that was loaded
        subq    $16, %rsp
        sgdt    (%rsp)
        movq    2(%rsp), %rax
        movl    $(BASE + (gdt - start)), %ecx
        cmpq    %rcx, %rax
        jne     failed

        incl    %ebx                    # 4: popf changes the interrupt flag (the PIC and APIC are silent)
        pushfq
        orl     $0x200, (%rsp)
        popfq
        pushfq
        popq    %rax
        cli
        testl   $0x200, %eax
        jz      failed
        pushfq
        popq    %rax
        testl   $0x200, %eax
        jnz     failed

        incl    %ebx                    # 5: cpuid knows long mode
        pushq   %rbx
        movl    $0x80000001, %eax
        cpuid
        popq    %rbx
        btl     $29, %edx
        jnc     failed

        incl    %ebx                    # 6: an MSR keeps its value
        movl    $0xc0000102, %ecx       # KERNEL_GS_BASE
        movl    $0x12345678, %eax
        movl    $0x1234, %edx
        wrmsr
        xorl    %eax, %eax
        rdmsr
        cmpl    $0x12345678, %eax
        jne     failed

        incl    %ebx                    # 7: SSE2 adds
        movl    $21, %eax
        movd    %eax, %xmm0
        paddd   %xmm0, %xmm0
        movd    %xmm0, %eax
        cmpl    $42, %eax
        jne     failed

        incl    %ebx                    # 8: an undefined instruction traps
        xorl    %esi, %esi
        ud2
        cmpl    $6, %esi
        jne     failed

        incl    %ebx                    # 9: an unmapped address faults, and cr2 tells it
        movl    $UNMAPPED, %eax
        movb    (%rax), %al             # two bytes, skipped by the handler
        cmpl    $UNMAPPED, %esi
        jne     failed

        incl    %ebx                    # 10: 100 million instructions, far within the time limit
        movl    $ROUNDS, %ecx
2:      decl    %ecx
        jnz     2b

        movl    $1, %eax                # TSC_DEADLINE: cpuid 1, ecx bit 24
        cpuid
        xorl    %eax, %eax
        btl     $24, %ecx
        adcl    $16, %eax
        jmp     quit

failed: movl    %ebx, %eax
quit:   movl    $EXIT_PORT, %edx
        outl    %eax, %dx
3:      hlt
        jmp     3b

        # Writes an interrupt gate at rdi for the handler at rax (below 4 GiB).
gate:   movw    %ax, (%rdi)
        movw    $8, 2(%rdi)
        movw    $0x8e00, 4(%rdi)        # present, ring 0, interrupt gate
        shrl    $16, %eax
        movw    %ax, 6(%rdi)
        ret

trap:   movl    $6, %esi
        addq    $2, (%rsp)
        iretq
fault:  movq    %cr2, %rsi
        addq    $8, %rsp                # the error code
        addq    $2, (%rsp)
        iretq

        .balign 8
gdt:    .quad   0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
        .word   gdt_pointer - gdt - 1
        .quad   BASE + (gdt - start)
idt_pointer:
        .word   15 * 16 - 1
        .quad   IDT
end:
