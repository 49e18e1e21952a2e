#include "go_asm.h"
#include "textflag.h"

// The kernels add and multiply in the order of their portable twins in
// kernel.go, component by component, and never fuse: the bits are the same. AX is
// the byte at which a block of components begins, BX counts terms, and R12 what
// is left of the width beyond the next block.

// GATHER2 and GATHER4 load numbers one by one. The field has just stored them so,
// and a load that spans several stores waits until all of them have left for the
// cache.
#define GATHER2(from, x) \
	VMOVSD (from)(AX*1), x \
	VMOVHPD 8(from)(AX*1), x, x

#define GATHER4(from, x, y, other) \
	GATHER2(from, x) \
	VMOVSD 16(from)(AX*1), other \
	VMOVHPD 24(from)(AX*1), other, other \
	VINSERTF128 $1, other, y, y

// func sumAVX2(p *pass, h float64) (finite bool)
TEXT ·sumAVX2(SB), NOSPLIT, $0-17
	MOVQ p+0(FP), R13
	VBROADCASTSD h+8(FP), Y15
	MOVQ pass_to(R13), DI
	MOVQ pass_from(R13), SI
	MOVQ pass_width(R13), R12
	MOVBLZX pass_once(R13), DX
	MOVQ (pass_row+row_w)(R13), R8
	MOVQ (pass_row+row_w+8)(R13), R10
	MOVQ pass_stages(R13), R9
	DECQ R10                  // terms before the last
	VBROADCASTSD (R8)(R10*8), Y14
	VMULPD Y15, Y14, Y14      // h times the last weight
	MOVQ (R9)(R10*8), R11     // the last stage
	VXORPD Y13, Y13, Y13      // gathers v − v
	XORQ AX, AX
	SUBQ $16, R12
	JLT sum8

sum16:
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	VXORPD Y2, Y2, Y2
	VXORPD Y3, Y3, Y3
	XORQ BX, BX
	CMPQ BX, R10
	JGE sum16last

sum16term:
	MOVQ (R9)(BX*8), CX
	VBROADCASTSD (R8)(BX*8), Y8
	VMULPD (CX)(AX*1), Y8, Y4
	VMULPD 32(CX)(AX*1), Y8, Y5
	VMULPD 64(CX)(AX*1), Y8, Y6
	VMULPD 96(CX)(AX*1), Y8, Y7
	VADDPD Y4, Y0, Y0
	VADDPD Y5, Y1, Y1
	VADDPD Y6, Y2, Y2
	VADDPD Y7, Y3, Y3
	INCQ BX
	CMPQ BX, R10
	JLT sum16term

sum16last:
	VMULPD Y15, Y0, Y0
	VMULPD Y15, Y1, Y1
	VMULPD Y15, Y2, Y2
	VMULPD Y15, Y3, Y3
	VMULPD (R11)(AX*1), Y14, Y4
	VMULPD 32(R11)(AX*1), Y14, Y5
	VMULPD 64(R11)(AX*1), Y14, Y6
	VMULPD 96(R11)(AX*1), Y14, Y7
	TESTQ SI, SI
	JZ sum16add
	TESTL DX, DX
	JNZ sum16once
	VADDPD (SI)(AX*1), Y0, Y0
	VADDPD 32(SI)(AX*1), Y1, Y1
	VADDPD 64(SI)(AX*1), Y2, Y2
	VADDPD 96(SI)(AX*1), Y3, Y3

sum16add:
	VADDPD Y4, Y0, Y0
	VADDPD Y5, Y1, Y1
	VADDPD Y6, Y2, Y2
	VADDPD Y7, Y3, Y3

sum16end:
	VMOVUPD Y0, (DI)(AX*1)
	VMOVUPD Y1, 32(DI)(AX*1)
	VMOVUPD Y2, 64(DI)(AX*1)
	VMOVUPD Y3, 96(DI)(AX*1)
	VSUBPD Y0, Y0, Y0
	VSUBPD Y1, Y1, Y1
	VSUBPD Y2, Y2, Y2
	VSUBPD Y3, Y3, Y3
	VORPD Y0, Y13, Y13
	VORPD Y1, Y13, Y13
	VORPD Y2, Y13, Y13
	VORPD Y3, Y13, Y13
	ADDQ $128, AX
	SUBQ $16, R12
	JGE sum16

sum8:
	ADDQ $8, R12
	JLT sum4

	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	XORQ BX, BX
	CMPQ BX, R10
	JGE sum8last

sum8term:
	MOVQ (R9)(BX*8), CX
	VBROADCASTSD (R8)(BX*8), Y8
	VMULPD (CX)(AX*1), Y8, Y4
	VMULPD 32(CX)(AX*1), Y8, Y5
	VADDPD Y4, Y0, Y0
	VADDPD Y5, Y1, Y1
	INCQ BX
	CMPQ BX, R10
	JLT sum8term

sum8last:
	VMULPD Y15, Y0, Y0
	VMULPD Y15, Y1, Y1
	VMULPD (R11)(AX*1), Y14, Y4
	VMULPD 32(R11)(AX*1), Y14, Y5
	TESTQ SI, SI
	JZ sum8add
	TESTL DX, DX
	JNZ sum8once
	VADDPD (SI)(AX*1), Y0, Y0
	VADDPD 32(SI)(AX*1), Y1, Y1

sum8add:
	VADDPD Y4, Y0, Y0
	VADDPD Y5, Y1, Y1

sum8end:
	VMOVUPD Y0, (DI)(AX*1)
	VMOVUPD Y1, 32(DI)(AX*1)
	VSUBPD Y0, Y0, Y0
	VSUBPD Y1, Y1, Y1
	VORPD Y0, Y13, Y13
	VORPD Y1, Y13, Y13
	ADDQ $64, AX
	SUBQ $8, R12

sum4:
	ADDQ $4, R12
	JLT sum2

	VXORPD Y0, Y0, Y0
	XORQ BX, BX
	CMPQ BX, R10
	JGE sum4last

sum4term:
	MOVQ (R9)(BX*8), CX
	VBROADCASTSD (R8)(BX*8), Y8
	VMULPD (CX)(AX*1), Y8, Y4
	VADDPD Y4, Y0, Y0
	INCQ BX
	CMPQ BX, R10
	JLT sum4term

sum4last:
	VMULPD Y15, Y0, Y0
	GATHER4(R11, X4, Y4, X5)
	VMULPD Y4, Y14, Y4
	TESTQ SI, SI
	JZ sum4add
	TESTL DX, DX
	JNZ sum4once
	VADDPD (SI)(AX*1), Y0, Y0

sum4add:
	VADDPD Y4, Y0, Y0

sum4end:
	VMOVUPD Y0, (DI)(AX*1)
	VSUBPD Y0, Y0, Y0
	VORPD Y0, Y13, Y13
	ADDQ $32, AX
	SUBQ $4, R12

sum2:
	ADDQ $2, R12
	JLT summed

	VXORPD X0, X0, X0
	XORQ BX, BX
	CMPQ BX, R10
	JGE sum2last

sum2term:
	MOVQ (R9)(BX*8), CX
	VMOVDDUP (R8)(BX*8), X8
	GATHER2(CX, X4)
	VMULPD X4, X8, X4
	VADDPD X4, X0, X0
	INCQ BX
	CMPQ BX, R10
	JLT sum2term

sum2last:
	VMULPD X15, X0, X0
	GATHER2(R11, X4)
	VMULPD X4, X14, X4
	TESTQ SI, SI
	JZ sum2add
	TESTL DX, DX
	JNZ sum2once
	VADDPD (SI)(AX*1), X0, X0

sum2add:
	VADDPD X4, X0, X0

sum2end:
	VMOVUPD X0, (DI)(AX*1)
	VSUBPD X0, X0, X0
	VORPD X0, X13, X13

summed:
	VPTEST Y13, Y13
	SETEQ finite+16(FP)
	VZEROUPPER
	RET

sum16once:
	VADDPD Y4, Y0, Y0
	VADDPD Y5, Y1, Y1
	VADDPD Y6, Y2, Y2
	VADDPD Y7, Y3, Y3
	VADDPD (SI)(AX*1), Y0, Y0
	VADDPD 32(SI)(AX*1), Y1, Y1
	VADDPD 64(SI)(AX*1), Y2, Y2
	VADDPD 96(SI)(AX*1), Y3, Y3
	JMP sum16end

sum8once:
	VADDPD Y4, Y0, Y0
	VADDPD Y5, Y1, Y1
	VADDPD (SI)(AX*1), Y0, Y0
	VADDPD 32(SI)(AX*1), Y1, Y1
	JMP sum8end

sum4once:
	VADDPD Y4, Y0, Y0
	VADDPD (SI)(AX*1), Y0, Y0
	JMP sum4end

sum2once:
	VADDPD X4, X0, X0
	VADDPD (SI)(AX*1), X0, X0
	JMP sum2end

// func finishAVX2(p *pass, h float64) (finite bool)
TEXT ·finishAVX2(SB), NOSPLIT, $0-17
	MOVQ p+0(FP), R13
	VBROADCASTSD h+8(FP), Y15
	MOVQ pass_to(R13), DI
	MOVQ pass_rest(R13), DX
	MOVQ pass_from(R13), SI
	MOVQ pass_width(R13), R12
	MOVQ (pass_row+row_w)(R13), R8
	MOVQ (pass_row+row_w+8)(R13), R10
	MOVQ pass_stages(R13), R9
	MOVQ pass_v(R13), R13
	DECQ R10                  // terms before the last
	VBROADCASTSD (R8)(R10*8), Y14
	VMULPD Y15, Y14, Y14      // h times the last weight
	MOVQ (R9)(R10*8), R11     // the last stage
	VXORPD Y13, Y13, Y13      // gathers v − v
	XORQ AX, AX
	SUBQ $8, R12
	JLT finish4

finish8:
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	VXORPD Y2, Y2, Y2
	VXORPD Y3, Y3, Y3
	XORQ BX, BX
	CMPQ BX, R10
	JGE finish8last

finish8term:
	MOVQ (R9)(BX*8), CX
	VBROADCASTSD (R8)(BX*8), Y8
	VBROADCASTSD (R13)(BX*8), Y9
	VMOVUPD (CX)(AX*1), Y4
	VMOVUPD 32(CX)(AX*1), Y5
	VMULPD Y4, Y8, Y6
	VMULPD Y5, Y8, Y7
	VMULPD Y4, Y9, Y4
	VMULPD Y5, Y9, Y5
	VADDPD Y6, Y0, Y0
	VADDPD Y7, Y1, Y1
	VADDPD Y4, Y2, Y2
	VADDPD Y5, Y3, Y3
	INCQ BX
	CMPQ BX, R10
	JLT finish8term

finish8last:
	VBROADCASTSD (R13)(R10*8), Y9
	VMOVUPD (R11)(AX*1), Y4
	VMOVUPD 32(R11)(AX*1), Y5
	VMULPD Y15, Y0, Y0
	VMULPD Y15, Y1, Y1
	VMULPD Y4, Y14, Y6
	VMULPD Y5, Y14, Y7
	VMULPD Y4, Y9, Y4
	VMULPD Y5, Y9, Y5
	VADDPD Y6, Y0, Y0
	VADDPD Y7, Y1, Y1
	VADDPD Y4, Y2, Y2
	VADDPD Y5, Y3, Y3
	VADDPD (SI)(AX*1), Y0, Y0
	VADDPD 32(SI)(AX*1), Y1, Y1
	VMOVUPD Y2, (DX)(AX*1)
	VMOVUPD Y3, 32(DX)(AX*1)
	VMOVUPD Y0, (DI)(AX*1)
	VMOVUPD Y1, 32(DI)(AX*1)
	VSUBPD Y0, Y0, Y0
	VSUBPD Y1, Y1, Y1
	VORPD Y0, Y13, Y13
	VORPD Y1, Y13, Y13
	ADDQ $64, AX
	SUBQ $8, R12
	JGE finish8

finish4:
	ADDQ $4, R12
	JLT finish2

	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	XORQ BX, BX
	CMPQ BX, R10
	JGE finish4last

finish4term:
	MOVQ (R9)(BX*8), CX
	VBROADCASTSD (R8)(BX*8), Y8
	VBROADCASTSD (R13)(BX*8), Y9
	VMOVUPD (CX)(AX*1), Y4
	VMULPD Y4, Y8, Y6
	VMULPD Y4, Y9, Y4
	VADDPD Y6, Y0, Y0
	VADDPD Y4, Y1, Y1
	INCQ BX
	CMPQ BX, R10
	JLT finish4term

finish4last:
	VBROADCASTSD (R13)(R10*8), Y9
	GATHER4(R11, X4, Y4, X5)
	VMULPD Y15, Y0, Y0
	VMULPD Y4, Y14, Y6
	VMULPD Y4, Y9, Y4
	VADDPD Y6, Y0, Y0
	VADDPD Y4, Y1, Y1
	VADDPD (SI)(AX*1), Y0, Y0
	VMOVUPD Y1, (DX)(AX*1)
	VMOVUPD Y0, (DI)(AX*1)
	VSUBPD Y0, Y0, Y0
	VORPD Y0, Y13, Y13
	ADDQ $32, AX
	SUBQ $4, R12

finish2:
	ADDQ $2, R12
	JLT finished

	VXORPD X0, X0, X0
	VXORPD X1, X1, X1
	XORQ BX, BX
	CMPQ BX, R10
	JGE finish2last

finish2term:
	MOVQ (R9)(BX*8), CX
	VMOVDDUP (R8)(BX*8), X8
	VMOVDDUP (R13)(BX*8), X9
	GATHER2(CX, X4)
	VMULPD X4, X8, X6
	VMULPD X4, X9, X4
	VADDPD X6, X0, X0
	VADDPD X4, X1, X1
	INCQ BX
	CMPQ BX, R10
	JLT finish2term

finish2last:
	VMOVDDUP (R13)(R10*8), X9
	GATHER2(R11, X4)
	VMULPD X15, X0, X0
	VMULPD X4, X14, X6
	VMULPD X4, X9, X4
	VADDPD X6, X0, X0
	VADDPD X4, X1, X1
	VADDPD (SI)(AX*1), X0, X0
	VMOVUPD X1, (DX)(AX*1)
	VMOVUPD X0, (DI)(AX*1)
	VSUBPD X0, X0, X0
	VORPD X0, X13, X13

finished:
	VPTEST Y13, Y13
	SETEQ finite+16(FP)
	VZEROUPPER
	RET

// func judgeAVX2(v *verdict, h float64) (sum float64)
TEXT ·judgeAVX2(SB), NOSPLIT, $0-24
	MOVQ v+0(FP), R8
	VBROADCASTSD h+8(FP), Y12
	MOVQ verdict_err(R8), DI
	MOVQ verdict_f(R8), CX
	MOVQ verdict_y0(R8), SI
	MOVQ verdict_y1(R8), DX
	MOVQ verdict_width(R8), R12
	VBROADCASTSD verdict_w(R8), Y11
	VBROADCASTSD verdict_rtol(R8), Y15
	VBROADCASTSD verdict_atol(R8), Y14
	VPCMPEQQ Y13, Y13, Y13
	VPSRLQ $54, Y13, Y10
	VPSLLQ $52, Y10, Y10      // the bits of 1
	VPSRLQ $1, Y13, Y13       // mask of |x|
	VXORPD Y0, Y0, Y0
	XORQ AX, AX
	SUBQ $4, R12
	JLT judge2

judge4:
	VANDPD (SI)(AX*1), Y13, Y1
	VANDPD (DX)(AX*1), Y13, Y2
	VMAXPD Y2, Y1, Y1
	VMULPD Y15, Y1, Y1
	VADDPD Y14, Y1, Y1
	VDIVPD Y1, Y10, Y1
	GATHER4(CX, X3, Y3, X4)
	VMULPD Y3, Y11, Y3
	VADDPD (DI)(AX*1), Y3, Y3
	VMULPD Y12, Y3, Y3
	VMOVUPD Y3, (DI)(AX*1)
	VMULPD Y1, Y3, Y3
	VMULPD Y3, Y3, Y3
	VADDPD Y3, Y0, Y0
	ADDQ $32, AX
	SUBQ $4, R12
	JGE judge4

judge2:
	ADDQ $2, R12
	JLT judged

	VANDPD (SI)(AX*1), X13, X1
	VANDPD (DX)(AX*1), X13, X2
	VMAXPD X2, X1, X1
	VMULPD X15, X1, X1
	VADDPD X14, X1, X1
	VDIVPD X1, X10, X1
	GATHER2(CX, X3)
	VMULPD X3, X11, X3
	VADDPD (DI)(AX*1), X3, X3
	VMULPD X12, X3, X3
	VMOVUPD X3, (DI)(AX*1)
	VMULPD X1, X3, X3
	VMULPD X3, X3, X3
	VADDPD X3, X0, X0

judged:
	VEXTRACTF128 $1, Y0, X1
	VADDPD X1, X0, X0         // lanes 0 + 2 and 1 + 3
	VPERMILPD $1, X0, X1
	VADDSD X1, X0, X0
	VMOVSD X0, sum+16(FP)
	VZEROUPPER
	RET

// func finiteAVX2(v *float64, n int) (finite bool)
TEXT ·finiteAVX2(SB), NOSPLIT, $0-17
	MOVQ v+0(FP), SI
	MOVQ n+8(FP), R12
	VXORPD Y13, Y13, Y13
	SHLQ $3, R12
	XORQ AX, AX

finiteblock:
	VMOVUPD (SI)(AX*1), Y0
	VSUBPD Y0, Y0, Y0
	VORPD Y0, Y13, Y13
	ADDQ $32, AX
	CMPQ AX, R12
	JLT finiteblock

	VPTEST Y13, Y13
	SETEQ finite+16(FP)
	VZEROUPPER
	RET
