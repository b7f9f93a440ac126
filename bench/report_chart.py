# SPDX-License-Identifier: MIT
"""The chart of bench/report.py: one bar a workload, the fastest peer's time as a multiple of ours."""

LABELS = {
    "limu_bert_train": "LIMU-BERT training step",
    "limu_bert_embed": "LIMU-BERT embedding",
    "limu_gru_train": "GRU classifier, training step",
    "limu_gru_infer": "GRU classifier",
    "dcnn_train": "DCNN training step",
    "deepsense_train": "DeepSense training step",
    "primus_train": "PRIMUS training step",
    "simclr_train": "SimCLR training step",
    "primus_infer": "PRIMUS encoder",
    "primus_infer_int8": "PRIMUS encoder, int8 (peer: float32)",
}
PEERS = {"torch": "PyTorch", "torch-tuned": "PyTorch, tuned", "torch-compile": "torch.compile",
         "torch-compile-max": "torch.compile", "jax": "JAX", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
ROW, LEFT, WIDTH, TOP = 26, 300, 400, 56


def ratio_chart(ratios, machine):
    """SVG text. `ratios`: (workload, threads, peer, ratio); those of one thread are drawn. `machine`: the second line."""
    rows = [(workload, peer, ratio) for workload, threads, peer, ratio in ratios if threads == 1]
    unit = WIDTH / max(2.0, *(ratio for _, _, ratio in rows))
    height = TOP + ROW * len(rows) + 34
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 150} {height}" font-family="sans-serif" '
           'font-size="13" fill="#222">',
           '<rect width="100%" height="100%" fill="#fff"/>',
           '<text x="12" y="22" font-size="16" font-weight="bold">Time of the fastest peer / time of gyrograd, one thread</text>',
           f'<text x="12" y="42" fill="#666">{machine}; batch in brackets; longer is faster</text>']
    for k, (workload, peer, ratio) in enumerate(rows):
        stem, batch = workload.split("/")
        y = TOP + ROW * k
        out.append(f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{LABELS.get(stem, stem)} ({batch})</text>')
        out.append(f'<rect x="{LEFT}" y="{y + 2}" width="{unit * ratio:.1f}" height="{ROW - 8}" rx="2" fill="#2a6f97"/>')
        out.append(f'<text x="{LEFT + unit * ratio + 6:.1f}" y="{y + 15}">{ratio:.1f} × {PEERS.get(peer, peer)}</text>')
    bottom = TOP + ROW * len(rows)
    out.append(f'<line x1="{LEFT + unit:.1f}" y1="{TOP - 4}" x2="{LEFT + unit:.1f}" y2="{bottom + 4}" stroke="#c0392b" '
               'stroke-dasharray="4 3"/>')
    out.append(f'<text x="{LEFT + unit:.1f}" y="{bottom + 20}" text-anchor="middle" fill="#c0392b">as fast as the peer</text>')
    return "\n".join(out + ["</svg>"]) + "\n"
